/** Bytes of a file, from the first up to but without the last. */
export type ByteRange = readonly [start: number, end: number]

/** Sorted ranges that neither touch nor overlap, with one more. */
export const addRange = (ranges: ReadonlyArray<ByteRange>, added: ByteRange): ReadonlyArray<ByteRange> => {
  let [start, end] = added
  if (start >= end) return ranges
  const apart = ranges.filter(([from, to]) => {
    if (to < start || from > end) return true
    start = Math.min(start, from)
    end = Math.max(end, to)
    return false
  })
  const place = apart.findIndex(([from]) => from > start)
  return place < 0 ? [...apart, [start, end]] : apart.toSpliced(place, 0, [start, end])
}

/** What of a range is not among sorted ranges. */
export const missingOf = (
  ranges: ReadonlyArray<ByteRange>,
  [start, end]: ByteRange,
): ReadonlyArray<ByteRange> => {
  const missing: Array<ByteRange> = []
  let at = start
  for (const [from, to] of ranges) {
    if (to <= at) continue
    if (from >= end) break
    if (from > at) missing.push([at, from])
    at = to
  }
  if (at < end) missing.push([at, end])
  return missing
}

/** Cuts ranges into pieces of at most `length` bytes. */
export const piecesOf = (ranges: ReadonlyArray<ByteRange>, length: number): ReadonlyArray<ByteRange> =>
  ranges.flatMap(([start, end]) =>
    Array.from(
      { length: Math.ceil((end - start) / length) },
      (_, index): ByteRange => [start + index * length, Math.min(end, start + (index + 1) * length)],
    ),
  )

export const bytesOf = (ranges: ReadonlyArray<ByteRange>): number =>
  ranges.reduce((sum, [start, end]) => sum + end - start, 0)
