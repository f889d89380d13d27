/**
 * How many single-character insertions, deletions, substitutions and swaps of neighbours turn one text into the
 * other (Damerau and Levenshtein's distance, in its optimal string alignment form).
 */
export const editDistance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, substitution)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

const at = (row: ReadonlyArray<number>, index: number): number => row[index] ?? Number.POSITIVE_INFINITY

const LONGEST_NAME = 100

/** The known name that was probably meant, if any is near enough. */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > LONGEST_NAME) return undefined
  const lower = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 0.5
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > bestDistance) continue
    const distance = Math.min(
      editDistance(name, candidate),
      editDistance(lower, candidate.toLowerCase()) + 0.25,
    )
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const MOST_LISTED = 20

/** The hint for an unknown name: the nearest known one, or else all that are known. */
export const didYouMean = (name: string, known: Iterable<string>): string | undefined => {
  const names = [...known]
  const near = nearest(name, names)
  if (near !== undefined) return `did you mean \`${near}\`?`
  if (names.length === 0) return undefined
  const listed = names.slice(0, MOST_LISTED).map((one) => `\`${one}\``)
  return `known are ${listed.join(", ")}${names.length > MOST_LISTED ? ", …" : ""}`
}
