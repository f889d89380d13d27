import { caveats } from "./caveats.ts"
import type { Cell } from "./cells.ts"
import type { Row } from "./differences.ts"
import { headline } from "./headline.ts"
import { provenanceNotes } from "./provenance-changes.ts"
import type { Report } from "./report.ts"
import { visible } from "./visible.ts"
import {
  differenceText,
  estimateText,
  marginText,
  preservedText,
  sidesText,
  testText,
  verdictWords,
} from "./words.ts"

/** A report's comparison for terminals: a headline, a table as rows of cells, and what to keep in mind. */
export interface ReportText {
  readonly headline: string
  readonly table: ReadonlyArray<ReadonlyArray<string>>
  readonly notes: ReadonlyArray<string>
}

/** Puts a report into the words of a terminal. */
export const reportText = (report: Report): ReportText => ({
  headline: visible(headline(report.cells)),
  table: [
    [
      "benchmark",
      "metric",
      "basis",
      "before",
      "after",
      "difference",
      "p (Holm), test",
      "verdict",
      `within ${marginText(report.margin)}`,
    ],
    ...report.cells.flatMap((cell) => [
      ...cell.rows.map((row) => lineOf(cell.name, row.measure.title, row)),
      ...categoryLines(cell),
    ]),
  ],
  notes: [...provenanceNotes(report.cells), ...caveats(report)].map(visible),
})

const categoryLines = ({ kind, name, parts }: Cell): ReadonlyArray<ReadonlyArray<string>> =>
  kind === "mmvp" ? parts.map((part) => lineOf(`${name}: ${part.name}`, "pairs right", part)) : []

const lineOf = (
  name: string,
  metric: string,
  { before, after, difference }: Pick<Row, "before" | "after" | "difference">,
): ReadonlyArray<string> =>
  [
    name,
    metric,
    sidesText(before, after),
    before === undefined ? "–" : estimateText(before),
    after === undefined ? "–" : estimateText(after),
    ...(difference === undefined
      ? ["–", "–", "–", "–"]
      : [
          differenceText(difference),
          testText(difference),
          verdictWords(difference.verdict),
          preservedText(difference.equivalence),
        ]),
  ].map(visible)
