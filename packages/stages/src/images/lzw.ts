import { UnreadableImage } from "./unreadable-image.ts"

const MOST_CODES = 4096
const MOST_BITS = 12

/**
 * Unpacks GIF's variant of LZW into `length` values.
 *
 * @throws UnreadableImage when the blocks hold fewer values, or codes that cannot be
 */
export const decodeLzw = (blocks: ReadonlyArray<Uint8Array>, bits: number, length: number): Uint8Array => {
  if (bits > MOST_BITS) throw new UnreadableImage("the GIF is damaged")
  const values = new Uint8Array(length)
  const codes = codesOf(blocks)
  const clear = 1 << bits
  // Where in `values` the string of each code was written first, and how long it is.
  const starts = new Int32Array(MOST_CODES)
  const lengths = new Int32Array(MOST_CODES)
  let size = bits + 1
  let next = clear + 2
  let last: { readonly start: number; readonly length: number } | undefined
  let at = 0
  while (at < length) {
    const code = codes(size)
    if (code === undefined || code === clear + 1) throw new UnreadableImage("the GIF is truncated")
    if (code === clear) {
      size = bits + 1
      next = clear + 2
      last = undefined
      continue
    }
    if (code > next || (code >= clear && last === undefined)) throw new UnreadableImage("the GIF is damaged")
    const start = at
    if (code < clear) values[at++] = code
    else {
      // The code that is about to be defined is the last string and its own first value.
      const [from, count] =
        code === next ? [last?.start ?? 0, (last?.length ?? 0) + 1] : [starts[code] ?? 0, lengths[code] ?? 0]
      for (let step = 0; step < count && at < length; step++) values[at++] = values[from + step] ?? 0
    }
    if (last !== undefined && next < MOST_CODES) {
      starts[next] = last.start
      lengths[next] = last.length + 1
      next++
      if (next === 1 << size && size < MOST_BITS) size++
    }
    last = { start, length: at - start }
  }
  return values
}

/** Takes codes of the size that is asked for out of the blocks, the lowest bits first. */
const codesOf = (blocks: ReadonlyArray<Uint8Array>): ((size: number) => number | undefined) => {
  const total = blocks.reduce((sum, block) => sum + block.length, 0)
  const bytes = new Uint8Array(total)
  let end = 0
  for (const block of blocks) {
    bytes.set(block, end)
    end += block.length
  }
  let at = 0
  let buffer = 0
  let held = 0
  return (size) => {
    while (held < size) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      buffer |= byte << held
      held += 8
    }
    const code = buffer & ((1 << size) - 1)
    buffer >>>= size
    held -= size
    return code
  }
}
