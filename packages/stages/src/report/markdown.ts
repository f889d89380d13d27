import { caveats } from "./caveats.ts"
import type { Cell } from "./cells.ts"
import type { Row } from "./differences.ts"
import { findingsOf, headline } from "./headline.ts"
import type { Report } from "./report.ts"
import type { Score } from "./scores.ts"
import { shownImports } from "./shown-imports.ts"
import { visible } from "./visible.ts"
import {
  basisText,
  chanceText,
  differenceText,
  estimateText,
  importedText,
  marginText,
  preservedText,
  pValue,
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

const scoreTable = ({ cells, margin }: Report): string => {
  const compares = findingsOf(cells).length > 0
  const head = compares
    ? ["Before", "After", "Difference (points)", "Holm", "Verdict", `Within ${marginText(margin)}`]
    : ["Score"]
  return table(
    ["Benchmark", "Metric", "Basis", "Chance", ...head],
    cells.flatMap((cell) => cell.rows.map((row) => metricLine(cell, row, compares))),
  )
}

const scoreCell = (score: Score | undefined): string => (score === undefined ? "–" : estimateText(score))

const metricLine = ({ name }: Cell, row: Row, compares: boolean): ReadonlyArray<string> => {
  const { measure, chance, before, after, difference } = row
  const score = after ?? before
  const start = [name, measure.title, score === undefined ? "–" : basisText(score), chanceText(chance)]
  if (!compares) return [...start, scoreCell(score)]
  const compared =
    difference === undefined
      ? ["–", "–", "–", "–"]
      : [
          differenceText(difference),
          pValue(difference.adjusted.holm),
          verdictWords(difference.verdict),
          preservedText(difference.equivalence),
        ]
  return [...start, scoreCell(before), scoreCell(after), ...compared]
}

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

const partTable = ({ name, parts }: Cell): string =>
  `## ${escapeMarkdown(name)} by category\n\n${table(
    ["Category", "Pairs", "Before", "After"],
    parts.map((part) => [part.name, String(part.n), scoreCell(part.before), scoreCell(part.after)]),
  )}`
