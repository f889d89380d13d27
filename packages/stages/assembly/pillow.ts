// Weighted sums of 8-bit pixels, exact in 32-bit integers: what Pillow's resampling does, sixteen bytes at a time.
// AssemblyScript: `npm run kernel` compiles it into packages/stages/src/images/kernel/pillow-kernel.ts.
//
// A table says how each target is made. One after another it holds, for each target, three parts of 32-bit words:
// the byte offset of its first source, the number of its pairs of sources, and for each pair two words. A weight w of
// 22 fractional bits is w = high · 2¹⁵ + low, so that both halves fit 16 bits; the first word of a pair holds the low
// halves of its two weights, the second one the high halves. A last source without a partner has the weight 0 beside it.
//
// Up to 16 bytes after the last source are read, and up to 16 after the last target written.

/** Sums of the low and of the high halves become four values of 8 bits, rounded, in lanes of 32 bits. */
@inline
function rounded(low: v128, high: v128): v128 {
  const sum = i32x4.add(i32x4.add(i32x4.shl(high, 15), low), i32x4.splat(0x200000))
  return i32x4.shr_s(sum, 22)
}

/** The four bytes of a pixel, clamped, from the sums of the halves. */
@inline
function pixel(low: v128, high: v128): v128 {
  const words = i16x8.narrow_i32x4_s(rounded(low, high), rounded(low, high))
  return i8x16.narrow_i16x8_u(words, words)
}

/** Adds pairs of sources times pairs of weights. */
@inline
function added(sum: v128, pairs: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(pairs, weights))
}

/**
 * Rows from wider or narrower ones, two at a time. Pixels have up to four bytes; the 16 bytes at `spread` say where the
 * bytes of two neighbouring pixels go so that each band's two values stand side by side as 16-bit numbers.
 */
export function rows(
  source: i32,
  stride: i32,
  target: i32,
  targetStride: i32,
  height: i32,
  table: i32,
  width: i32,
  bands: i32,
  spread: i32,
): void {
  const pattern = v128.load(spread)
  const step = bands << 1
  for (; height > 0; height -= 2) {
    // A last row without a partner is made twice.
    if (height === 1) {
      stride = 0
      targetStride = 0
    }
    let entry = table
    let to = target
    for (let column = width; column > 0; column--) {
      let from = source + load<i32>(entry)
      const end = entry + 8 + (load<i32>(entry, 4) << 3)
      let low0 = i32x4.splat(0)
      let low1 = low0
      let high0 = low0
      let high1 = low0
      entry += 8
      do {
        const lows = v128.load32_splat(entry)
        const highs = v128.load32_splat(entry, 4)
        let pairs = i8x16.swizzle(v128.load64_zero(from), pattern)
        low0 = added(low0, pairs, lows)
        high0 = added(high0, pairs, highs)
        pairs = i8x16.swizzle(v128.load64_zero(from + stride), pattern)
        low1 = added(low1, pairs, lows)
        high1 = added(high1, pairs, highs)
        from += step
        entry += 8
      } while (entry < end)
      v128.store32_lane(to, pixel(low0, high0), 0)
      v128.store32_lane(to + targetStride, pixel(low1, high1), 0)
      to += bands
    }
    source += stride << 1
    target += targetStride << 1
  }
}

/** Rows each of which is made of several rows of the same width, `width` bytes. */
export function columns(
  source: i32,
  stride: i32,
  target: i32,
  targetStride: i32,
  width: i32,
  table: i32,
  height: i32,
): void {
  for (; height > 0; height--) {
    const first = source + load<i32>(table)
    const start = table + 8
    const end = start + (load<i32>(table, 4) << 3)
    for (let column = 0; column < width; column += 16) {
      let from = first + column
      let low0 = i32x4.splat(0)
      let low1 = low0
      let low2 = low0
      let low3 = low0
      let high0 = low0
      let high1 = low0
      let high2 = low0
      let high3 = low0
      let entry = start
      do {
        const lows = v128.load32_splat(entry)
        const highs = v128.load32_splat(entry, 4)
        const upper = v128.load(from)
        const lower = v128.load(from + stride)
        const near = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
        const far = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
        let pairs = i16x8.extend_low_i8x16_u(near)
        low0 = added(low0, pairs, lows)
        high0 = added(high0, pairs, highs)
        pairs = i16x8.extend_high_i8x16_u(near)
        low1 = added(low1, pairs, lows)
        high1 = added(high1, pairs, highs)
        pairs = i16x8.extend_low_i8x16_u(far)
        low2 = added(low2, pairs, lows)
        high2 = added(high2, pairs, highs)
        pairs = i16x8.extend_high_i8x16_u(far)
        low3 = added(low3, pairs, lows)
        high3 = added(high3, pairs, highs)
        from += stride << 1
        entry += 8
      } while (entry < end)
      const left = i16x8.narrow_i32x4_s(rounded(low0, high0), rounded(low1, high1))
      const right = i16x8.narrow_i32x4_s(rounded(low2, high2), rounded(low3, high3))
      v128.store(target + column, i8x16.narrow_i16x8_u(left, right))
    }
    table = end
    target += targetStride
  }
}
