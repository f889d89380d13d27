import type { Diagnostic } from "./diagnostic.ts"

/**
 * Diagnostics as text for a terminal:
 *
 * ```
 * quickstart.yaml:7:5: error: unknown key `nedes`
 *     nedes: [a]
 *     ^^^^^
 *   hint: did you mean `needs`?
 * ```
 */
export const renderDiagnostics = (
  diagnostics: ReadonlyArray<Diagnostic>,
  { colour }: { readonly colour: boolean },
): string => {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return diagnostics.map((diagnostic) => render(diagnostic, paint)).join("\n\n")
}

const BOLD = 1
const RED = 31
const CYAN = 36

const render = (diagnostic: Diagnostic, paint: (code: number, text: string) => string): string => {
  const { excerpt, hint, related } = diagnostic
  const lines = [
    `${paint(BOLD, `${place(diagnostic)}:`)} ${paint(RED, "error:")} ${printable(diagnostic.message)}`,
  ]
  if (excerpt !== undefined) {
    const { text, before, marked } = visible(excerpt.line, diagnostic.column - 1, excerpt.length)
    lines.push(`  ${text}`, `  ${before}${paint(RED, marked)}`)
  }
  if (related !== undefined) lines.push(`  ${place(related)}: ${printable(related.message)}`)
  if (hint !== undefined) lines.push(`  ${paint(CYAN, "hint:")} ${printable(hint)}`)
  return lines.join("\n")
}

const place = ({ file, line, column }: { file: string; line: number; column: number }): string =>
  `${printable(file)}:${line}:${column}`

/** Documents may come from anywhere: nothing in them may steer the terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "�")

const EXCERPT_COLUMNS = 120

/** The part of a line around the marked columns, and what goes below it. */
const visible = (line: string, column: number, length: number) => {
  const characters = [...line.replace(/\t/g, " ")].map(printable)
  const start = column < EXCERPT_COLUMNS - 20 ? 0 : column - 40
  const shown = characters.slice(start, start + EXCERPT_COLUMNS)
  const opening = start > 0 ? "…" : ""
  const closing = start + shown.length < characters.length ? "…" : ""
  const marked = shown.slice(column - start, column - start + length)
  return {
    text: `${opening}${shown.join("")}${closing}`.trimEnd(),
    before: " ".repeat(opening.length + width(shown.slice(0, column - start))),
    marked: "^".repeat(Math.max(1, width(marked))),
  }
}

const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\uff01-\uff60]/u
const NARROWEST = /[\p{Mn}\p{Me}\p{Cf}]/u

/** How many columns of a terminal the characters take. */
const width = (characters: ReadonlyArray<string>): number =>
  characters.reduce(
    (sum, character) => sum + (NARROWEST.test(character) ? 0 : WIDE.test(character) ? 2 : 1),
    0,
  )
