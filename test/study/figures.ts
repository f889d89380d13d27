import { mean, studentInterval } from "../../packages/stages/src/statistics/index.ts"

/** A mean as it is told: with its 95 % interval and the number of values. */
export const toldMean = (values: ReadonlyArray<number>, digits: number): string => {
  const shown = (value: number) => value.toFixed(digits)
  const interval = studentInterval(values)
  const between = interval === undefined ? "" : ` (${shown(interval.low)} … ${shown(interval.high)})`
  return `${shown(mean(values))}${between}, n = ${values.length}`
}
