import type { Row } from "./differences.ts"
import { findingsOf } from "./headline.ts"
import type { Report } from "./report.ts"
import type { Score } from "./scores.ts"
import { shownImports } from "./shown-imports.ts"
import { visible } from "./visible.ts"
import {
  chanceText,
  differenceText,
  estimateText,
  importedText,
  MINUS,
  preservedText,
  sidesText,
  testText,
  verdictWords,
} from "./words.ts"

const SIGNS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  // After the end of a line these would be taken for its options.
  "[": "{[}",
  "*": "{*}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "…": "\\,\\ldots\\,",
  "±": "$\\pm$",
  "→": "$\\rightarrow$",
  "–": "--",
  "\u202f": "\\,",
  [MINUS]: "$-$",
  "<": "$<$",
  ">": "$>$",
}

/** Text that LaTeX sets as it is. */
export const escapeLatex = (text: string): string =>
  visible(text)
    .replaceAll(" … ", "…")
    .replace(/[\\~^…±→–\u202f\u2212<>{}&%$#_|"[*]/gu, (sign) => SIGNS[sign] ?? `\\${sign}`)

const COMPARED = ["Before", "After", "Difference", "$p$ (Holm), test", "Verdict"]

/** `results.tex`: a table for papers, of the main metrics; needs the package booktabs. */
export const latexTable = (report: Report): string => {
  const compares = findingsOf(report.cells).length > 0
  const head = [
    "Benchmark",
    "Metric",
    "Basis",
    "Chance",
    ...(compares ? [...COMPARED, "Preserved"] : ["Score"]),
  ]
  const lines = [
    ...report.cells.flatMap((cell) =>
      cell.rows
        .filter(({ measure }) => measure.primary)
        .map((row) => [cell.name, row.measure.title, ...scoreCells(row, row.chance, compares)]),
    ),
    ...shownImports(report).map(({ model, benchmark, metric, ...score }) => {
      const start = [`${model}, ${benchmark} (imported)`, metric, "–", "–", ...(compares ? ["–"] : [])]
      const told = [...start, importedText({ model, benchmark, metric, ...score })]
      return [...told, ...new Array<string>(head.length - told.length).fill("–")]
    }),
  ]
  return tabular(report.title, "Scores", compares ? "lllrrrrlll" : "lllrr", head, lines.map(line))
}

/** `categories.tex`: the categories of pairs benchmarks; undefined where there are none. */
export const latexCategories = ({ title, cells }: Report): string | undefined => {
  const shown = cells.filter(({ kind, parts }) => kind === "mmvp" && parts.length > 0)
  const compares = shown.some(({ parts }) => parts.some(({ difference }) => difference !== undefined))
  const head = ["Category", "Basis", "Chance", ...(compares ? [...COMPARED, "Preserved"] : ["Score"])]
  if (shown.length === 0) return undefined
  const body = shown.flatMap(({ name, parts, rows }, index) => {
    const chance = rows.find(({ measure }) => measure.primary)?.chance
    return [
      ...(index === 0 ? [] : ["\\addlinespace"]),
      `\\multicolumn{${head.length}}{l}{\\emph{${escapeLatex(name)}}} \\\\`,
      ...parts.map((part) => line([part.name, ...scoreCells(part, chance, compares)])),
    ]
  })
  return tabular(title, "Shares of right pairs", compares ? "llrrrrlll" : "llrr", head, body)
}

const line = (cells: ReadonlyArray<string>): string => `${cells.map(escapeLatex).join(" & ")} \\\\`

const tabular = (
  title: string,
  what: string,
  columns: string,
  head: ReadonlyArray<string>,
  body: ReadonlyArray<string>,
): string => `% ${escapeLatex(title)}
% ${what} with 95\\,\\% intervals over items and seeds; differences in percentage points.
% Needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}.
\\begin{tabular}{${columns}}
\\toprule
${head.join(" & ")} \\\\
\\midrule
${body.join("\n")}
\\bottomrule
\\end{tabular}
`

const scoreCells = (
  { before, after, difference }: Pick<Row, "before" | "after" | "difference">,
  chance: number | undefined,
  compares: boolean,
): ReadonlyArray<string> => {
  const told = (score: Score | undefined): string => (score === undefined ? "–" : estimateText(score))
  const start = [sidesText(before, after), chanceText(chance)]
  if (!compares) return [...start, told(after ?? before)]
  const compared =
    difference === undefined
      ? COMPARED.slice(2).map(() => "–")
      : [
          differenceText(difference),
          testText(difference).replace(/^p (= )?/, ""),
          verdictWords(difference.verdict),
        ]
  return [...start, told(before), told(after), ...compared, preservedText(difference?.equivalence)]
}
