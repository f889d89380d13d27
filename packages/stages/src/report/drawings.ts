import { changePlot, confusionMatrix, type Drawing, heatMap, lossCurve, partBars } from "./figures/index.ts"
import type { Report } from "./report.ts"

/** More bars than this are no picture any more. */
const MOST_PARTS = 30

/** All figures of a report. */
export const drawingsOf = (report: Report): ReadonlyArray<Drawing> => {
  const { cells, answers, training } = report
  return [
    changePlot(cells),
    heatMap(report),
    ...cells.filter(({ parts }) => parts.length > 0 && parts.length <= MOST_PARTS).map(partBars),
    ...answers.map((one, index) => confusionMatrix(one, String(index + 1))),
    ...(training.length < 2 ? [] : [lossCurve(training)]),
  ].flatMap((drawing) => drawing ?? [])
}
