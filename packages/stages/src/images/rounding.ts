/** The nearest whole number; halves go to the even one, as Python's `round` has it. */
export const roundHalfToEven = (value: number): number => {
  const low = Math.floor(value)
  const rest = value - low
  if (rest !== 0.5) return Math.round(value)
  return low % 2 === 0 ? low : low + 1
}
