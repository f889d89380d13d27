export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0
  return sum / values.length
}

/** The unbiased standard deviation; 0 for fewer than two values. */
export const standardDeviation = (values: ArrayLike<number>): number => {
  if (values.length < 2) return 0
  const centre = mean(values)
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += ((values[index] ?? 0) - centre) ** 2
  return Math.sqrt(sum / (values.length - 1))
}
