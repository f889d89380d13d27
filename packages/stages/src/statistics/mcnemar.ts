/**
 * McNemar's exact test: how likely so uneven a split of the changed items is when gaining and losing are equally likely.
 *
 * @returns the two-sided p-value
 */
export const mcnemarTest = (gained: number, lost: number): number => {
  const changed = gained + lost
  const fewer = Math.min(gained, lost)
  // Terms relative to the central one, so that nothing overflows; only products and sums, so that bits agree everywhere.
  const centre = Math.floor(changed / 2)
  let total = 1
  let tail = centre <= fewer ? 1 : 0
  let term = 1
  for (let count = centre; count > 0; count--) {
    term *= count / (changed - count + 1)
    total += term
    if (count - 1 <= fewer) tail += term
  }
  const whole = changed % 2 === 0 ? 2 * total - 1 : 2 * total
  return Math.min(1, (2 * tail) / whole)
}
