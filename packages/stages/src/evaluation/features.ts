import { permanent } from "@diva-pipeline/core"

/** Rows of the same width. */
export interface Features {
  /** `[count, width]`, row by row. */
  readonly values: Float32Array
  readonly count: number
  readonly width: number
}

/** Divides each row by its length; a row of zeros stays. */
export const normaliseRows = ({ values, count, width }: Features): Features => {
  const scaled = new Float32Array(values.length)
  for (let row = 0; row < count; row++) {
    let square = 0
    for (let column = 0; column < width; column++) square += (values[row * width + column] ?? 0) ** 2
    const length = Math.max(Math.sqrt(square), 1e-12)
    for (let column = 0; column < width; column++)
      scaled[row * width + column] = (values[row * width + column] ?? 0) / length
  }
  return { values: scaled, count, width }
}

/** Puts batches of rows one after another. */
export const joinRows = (parts: ReadonlyArray<Float32Array>, count: number): Features => {
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    values.set(part, at)
    at += part.length
  }
  return { values, count, width: count === 0 ? 0 : values.length / count }
}

/**
 * Refuses features with values that are no numbers: every comparison with them is false, so they would be scored as
 * if the model knew nothing.
 *
 * @param nameOf what a row is of
 * @throws StageFailure saying what they are of
 */
export const checkFinite = (
  features: Features,
  what: string,
  nameOf: (row: number) => string = (row) => `row ${row}`,
): Features => {
  const wrong = features.values.findIndex((value) => !Number.isFinite(value))
  if (wrong < 0) return features
  throw permanent(
    `the model's features of ${what} are not finite numbers (${nameOf(Math.floor(wrong / features.width))})`,
    {
      hint: "the weights are broken, as after a training that diverged: lower its learning rate",
    },
  )
}
