import type { BenchmarkComparison, Row, Score } from "./comparison.ts"
import { visible } from "./page/index.ts"
import type { Report } from "./report.ts"
import {
  caveats,
  headline,
  nameOf,
  percent,
  percentInterval,
  points,
  pointsInterval,
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
  const notes = caveats(report.comparisons)
  return `${[
    `# ${escapeMarkdown(report.title)}`,
    escapeMarkdown(headline(report.comparisons)),
    table(
      ["Benchmark", "Metric", "Chance", "Before", "After", "Difference (points)", "Verdict"],
      report.comparisons.flatMap(metricLines),
    ),
    ...report.comparisons.filter(({ kind }) => kind === "mmvp").map(partTable),
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

const scoreText = (score: Score | undefined): string => {
  if (score === undefined) return "–"
  const interval = score.interval === undefined ? "" : ` (${percentInterval(score.interval)})`
  return `${percent(score.value)}${interval}`
}

const metricLines = (comparison: BenchmarkComparison): ReadonlyArray<ReadonlyArray<string>> =>
  comparison.rows.map((row) => [
    nameOf(comparison),
    row.measure.title,
    row.chance === undefined ? "–" : percent(row.chance),
    scoreText(row.before),
    scoreText(row.after),
    ...differenceTexts(row),
  ])

const differenceTexts = ({ difference }: Row): readonly [string, string] =>
  difference === undefined
    ? ["–", "–"]
    : [
        `${points(difference.value)} (${pointsInterval(difference.interval)})`,
        verdictWords(difference.verdict),
      ]

const partTable = (comparison: BenchmarkComparison): string =>
  `## ${escapeMarkdown(nameOf(comparison))} by category\n\n${table(
    ["Category", "Pairs", "Before", "After"],
    comparison.parts.map(({ name, n, before, after }) => [
      name,
      String(n),
      scoreText(before),
      scoreText(after),
    ]),
  )}`
