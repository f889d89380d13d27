/**
 * Holm's correction (1979): p-values adjusted so that below some level there is, with as much confidence, not one by
 * luck alone.
 *
 * @returns adjusted p-values, in the order of the given ones
 */
export const holm = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const count = values.length
  let most = 0
  return inOrder(
    values,
    (a, b) => a - b,
    (value, place) => {
      most = Math.max(most, Math.min(1, value * (count - place)))
      return most
    },
  )
}

/**
 * Benjamini and Hochberg's correction (1995): of those adjusted values that lie below some level, at most that share is
 * expected to be there by luck alone.
 *
 * @returns adjusted p-values, in the order of the given ones
 */
export const benjaminiHochberg = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const count = values.length
  let least = 1
  return inOrder(
    values,
    (a, b) => b - a,
    (value, place) => {
      least = Math.min(least, (value * count) / (count - place))
      return least
    },
  )
}

/** Adjusts the values one after the other in the given order, and gives them back in their own. */
const inOrder = (
  values: ReadonlyArray<number>,
  order: (a: number, b: number) => number,
  adjust: (value: number, place: number) => number,
): ReadonlyArray<number> => {
  const adjusted = new Array<number>(values.length).fill(1)
  const sorted = values.map((value, index) => ({ value, index })).sort((a, b) => order(a.value, b.value))
  sorted.forEach(({ value, index }, place) => {
    adjusted[index] = adjust(value, place)
  })
  return adjusted
}
