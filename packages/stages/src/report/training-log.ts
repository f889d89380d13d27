/** One optimiser step of a training log. */
export interface TrainingPoint {
  readonly step: number
  readonly loss: number
}

/** A training log that can't be used, and where. */
export class TrainingLogError extends Error {}

/**
 * Reads a training log: JSON lines, each with `step` and `loss`; other lines (of another kind) are passed over.
 *
 * @throws TrainingLogError naming the line that is not JSON
 */
export const parseTrainingLog = (text: string): ReadonlyArray<TrainingPoint> =>
  text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return []
    const value = parseLine(line, index + 1)
    if (typeof value !== "object" || value === null || !("step" in value) || !("loss" in value)) return []
    const { step, loss } = value
    return typeof step === "number" && typeof loss === "number" ? [{ step, loss }] : []
  })

const parseLine = (line: string, number: number): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    throw new TrainingLogError(`line ${number} is not JSON`)
  }
}

/** The mean of each point and its neighbours; the window is a tenth of the log. */
export const smooth = (series: ReadonlyArray<TrainingPoint>): ReadonlyArray<TrainingPoint> => {
  const half = Math.max(1, Math.floor(series.length / 20))
  return series.map(({ step }, index) => {
    const window = series.slice(Math.max(0, index - half), index + half + 1)
    return { step, loss: window.reduce((sum, { loss }) => sum + loss, 0) / window.length }
  })
}

/** At most `most` points: means of equally long runs, so that a long log makes no large page. */
export const thin = (series: ReadonlyArray<TrainingPoint>, most: number): ReadonlyArray<TrainingPoint> => {
  const size = Math.ceil(series.length / most)
  if (size <= 1) return series
  return Array.from({ length: Math.ceil(series.length / size) }, (_, run) => {
    const points = series.slice(run * size, (run + 1) * size)
    const sum = points.reduce((total, { step, loss }) => ({
      step: total.step + step,
      loss: total.loss + loss,
    }))
    return { step: sum.step / points.length, loss: sum.loss / points.length }
  })
}
