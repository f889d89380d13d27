import type { Cell } from "./cells.ts"
import {
  changeMaps,
  changePlot,
  confusionMatrix,
  type Drawing,
  heatMaps,
  lossCurve,
  MOST_CHANGES,
  partBars,
} from "./figures/index.ts"
import { findingsOf } from "./headline.ts"
import type { Report } from "./report.ts"

/** More bars than this are no picture any more. */
const MOST_PARTS = 30

/** More pictures of parts than this make a page that is slow to open; pairs come first. */
const MOST_DRAWN = 24

/** The cells whose classes or categories are drawn. */
export const drawnParts = (cells: ReadonlyArray<Cell>): ReadonlyArray<Cell> =>
  cells.filter(({ parts }) => parts.length > 0 && parts.length <= MOST_PARTS).slice(0, MOST_DRAWN)

/** All figures of a report. */
export const drawingsOf = (report: Report): ReadonlyArray<Drawing> => {
  const { cells, answers, training } = report
  return [
    changePlot(cells),
    ...(findingsOf(cells).length > MOST_CHANGES ? changeMaps(report) : []),
    ...heatMaps(report),
    ...drawnParts(cells).map(partBars),
    ...answers.map((one, index) => confusionMatrix(one, String(index + 1))),
    ...(training.length < 2 ? [] : [lossCurve(training)]),
  ].flatMap((drawing) => drawing ?? [])
}
