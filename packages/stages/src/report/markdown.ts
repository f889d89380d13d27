import { caveats } from "./caveats.ts"
import type { Cell } from "./cells.ts"
import type { Difference, Row } from "./differences.ts"
import { findingsOf, headline } from "./headline.ts"
import type { Report } from "./report.ts"
import type { Score } from "./scores.ts"
import { shownImports } from "./shown-imports.ts"
import { visible } from "./visible.ts"
import {
  chanceText,
  differenceText,
  estimateText,
  importedText,
  marginText,
  preservedText,
  sidesText,
  testText,
  verdictWords,
} from "./words.ts"

/** Text that Markdown shows as it is. */
export const escapeMarkdown = (text: string): string =>
  visible(text)
    .replace(/[\\`*_[\]|#~$!]/gu, (character) => `\\${character}`)
    .replace(/&/gu, "&amp;")
    .replace(/</gu, "&lt;")
    .replace(/>/gu, "&gt;")

/** `summary.md`: the report for terminals, issues and logs. */
export const summaryMarkdown = (report: Report): string => {
  const notes = caveats(report)
  return `${[
    `# ${escapeMarkdown(report.title)}`,
    escapeMarkdown(headline(report.cells)),
    scoreTable(report),
    ...importedTable(report),
    ...report.cells.filter(({ kind }) => kind === "mmvp").map(partTable),
    ...(report.details.length === 0 ? [] : [`## How it ran\n\n${table(["", ""], report.details)}`]),
    ...(notes.length === 0
      ? []
      : [`## How far to trust this\n\n${notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n")}`]),
  ].join("\n\n")}\n`
}

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (cells: ReadonlyArray<string>): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n")
}

const COMPARED = ["Difference (points)", "p (Holm), test", "Verdict"]

const scoreTable = ({ cells, margin }: Report): string => {
  const compares = findingsOf(cells).length > 0
  const head = compares ? ["Before", "After", ...COMPARED, `Within ${marginText(margin)}`] : ["Score"]
  return table(
    ["Benchmark", "Metric", "Basis", "Chance", ...head],
    cells.flatMap((cell) => cell.rows.map((row) => metricLine(cell, row, compares))),
  )
}

const scoreCell = (score: Score | undefined): string => (score === undefined ? "–" : estimateText(score))

const metricLine = ({ name }: Cell, row: Row, compares: boolean): ReadonlyArray<string> => {
  const { measure, chance, before, after, difference } = row
  const start = [name, measure.title, sidesText(before, after), chanceText(chance)]
  if (!compares) return [...start, scoreCell(after ?? before)]
  return [
    ...start,
    scoreCell(before),
    scoreCell(after),
    ...comparedCells(difference),
    preservedText(difference?.equivalence),
  ]
}

const comparedCells = (difference: Difference | undefined): ReadonlyArray<string> =>
  difference === undefined
    ? COMPARED.map(() => "–")
    : [differenceText(difference), testText(difference), verdictWords(difference.verdict)]

const importedTable = (report: Report): ReadonlyArray<string> => {
  const imported = shownImports(report)
  return imported.length === 0
    ? []
    : [
        `## Imported\n\n${table(
          ["Model", "Benchmark", "Metric", "Score", "From"],
          imported.map((score) => [
            score.model,
            score.benchmark,
            score.metric,
            importedText(score),
            score.source,
          ]),
        )}`,
      ]
}

const partTable = ({ name, parts }: Cell): string => {
  const compares = parts.some(({ difference }) => difference !== undefined)
  const head = compares ? ["Before", "After", ...COMPARED] : ["Score"]
  return `## ${escapeMarkdown(name)} by category\n\n${table(
    ["Category", "Pairs", ...head],
    parts.map(({ name: category, before, after, difference }) => [
      category,
      sidesText(before, after),
      ...(compares
        ? [scoreCell(before), scoreCell(after), ...comparedCells(difference)]
        : [scoreCell(after ?? before)]),
    ]),
  )}`
}
