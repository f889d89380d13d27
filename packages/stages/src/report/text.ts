import { caveats } from "./caveats.ts"
import type { Cell } from "./cells.ts"
import type { Row } from "./differences.ts"
import { headline } from "./headline.ts"
import { provenanceNotes } from "./provenance-changes.ts"
import type { Report } from "./report.ts"
import { visible } from "./visible.ts"
import {
  basisText,
  differenceText,
  estimateText,
  marginText,
  preservedText,
  pValue,
  testWords,
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
      "test (Holm)",
      "verdict",
      `within ${marginText(report.margin)}`,
    ],
    ...report.cells.flatMap((cell) => cell.rows.map((row) => lineOf(cell, row).map(visible))),
  ],
  notes: [...provenanceNotes(report.cells), ...caveats(report)].map(visible),
})

const lineOf = ({ name }: Cell, { measure, before, after, difference }: Row): ReadonlyArray<string> => {
  const score = after ?? before
  return [
    name,
    measure.title,
    score === undefined ? "–" : basisText(score),
    before === undefined ? "–" : estimateText(before),
    after === undefined ? "–" : estimateText(after),
    ...(difference === undefined
      ? ["–", "–", "–", "–"]
      : [
          differenceText(difference),
          `${pValue(difference.adjusted.holm)}, ${testWords(difference.test)}`,
          verdictWords(difference.verdict),
          preservedText(difference.equivalence),
        ]),
  ]
}
