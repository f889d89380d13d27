/** A linear scale from data to the drawing's coordinates. */
export interface Scale {
  readonly at: (value: number) => number
  /** Round values inside the scale. */
  readonly ticks: ReadonlyArray<number>
  /** Decimals that the ticks need. */
  readonly decimals: number
}

const STEPS = [1, 2, 2.5, 5, 10]

/** The smallest round step that makes at most `most` parts. */
const roundStep = (span: number, most: number): number => {
  const power = 10 ** Math.floor(Math.log10(span / most))
  return (STEPS.find((step) => step * power * most >= span) ?? 10) * power
}

/**
 * A scale over `low…high` in data, drawn at `start…end`, with some round ticks.
 *
 * @param ticks how many ticks there may be
 */
export const linearScale = (
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
  ticks = 6,
): Scale => {
  const span = high > low ? high - low : 1
  const step = roundStep(span, ticks)
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.floor((low + span) / step + 1e-9) - first + 1
  return {
    at: (value) => start + ((value - low) / span) * (end - start),
    ticks: Array.from({ length: count }, (_, index) => (first + index) * step),
    decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(step).includes("25") ? 1 : 0)),
  }
}
