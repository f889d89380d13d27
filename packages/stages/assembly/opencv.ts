// Weighted sums of pixels of three bytes, in floating point: what OpenCV's resizing does, with 128-bit vectors.
// AssemblyScript: `npm run kernel` compiles it into packages/stages/src/datasets/image2dataset/images/opencv-kernel.ts.

/** Four floats, of the low or high half of eight 16-bit numbers, times a weight. */
@inline
function lowOf(eight: v128, weight: v128): v128 {
  return f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(eight)))
}

@inline
function highOf(eight: v128, weight: v128): v128 {
  return f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(eight)))
}

/** Begins a row of floats with one to three rows of bytes, each times its weight. Works in steps of 16 bytes. */
@inline
function beginRows(row: usize, bytes: i32, count: i32, weights: usize, sums: usize): void {
  const w0 = v128.load32_splat(weights)
  const w1 = v128.load32_splat(weights, 4)
  const w2 = v128.load32_splat(weights, 8)
  const end = row + bytes
  for (; row < end; row += 16) {
    let low = v128.load8x8_u(row)
    let high = v128.load8x8_u(row, 8)
    let a = lowOf(low, w0)
    let b = highOf(low, w0)
    let c = lowOf(high, w0)
    let d = highOf(high, w0)
    if (count > 1) {
      low = v128.load8x8_u(row + bytes)
      high = v128.load8x8_u(row + bytes, 8)
      a = f32x4.add(a, lowOf(low, w1))
      b = f32x4.add(b, highOf(low, w1))
      c = f32x4.add(c, lowOf(high, w1))
      d = f32x4.add(d, highOf(high, w1))
    }
    if (count > 2) {
      low = v128.load8x8_u(row + 2 * bytes)
      high = v128.load8x8_u(row + 2 * bytes, 8)
      a = f32x4.add(a, lowOf(low, w2))
      b = f32x4.add(b, highOf(low, w2))
      c = f32x4.add(c, lowOf(high, w2))
      d = f32x4.add(d, highOf(high, w2))
    }
    v128.store(sums, a)
    v128.store(sums, b, 16)
    v128.store(sums, c, 32)
    v128.store(sums, d, 48)
    sums += 64
  }
}

/** Adds one more row of bytes, times its weight, to a row of floats. */
@inline
function addRow(row: usize, bytes: i32, weight: v128, sums: usize): void {
  const end = row + bytes
  for (; row < end; row += 16) {
    const low = v128.load8x8_u(row)
    const high = v128.load8x8_u(row, 8)
    v128.store(sums, f32x4.add(v128.load(sums), lowOf(low, weight)))
    v128.store(sums, f32x4.add(v128.load(sums, 16), highOf(low, weight)), 16)
    v128.store(sums, f32x4.add(v128.load(sums, 32), lowOf(high, weight)), 32)
    v128.store(sums, f32x4.add(v128.load(sums, 48), highOf(high, weight)), 48)
    sums += 64
  }
}

/** Sums `count` rows of bytes, each times its weight, into a row of floats. */
function sumRows(source: usize, bytes: i32, count: i32, weights: usize, sums: usize): void {
  if (count === 1) beginRows(source, bytes, 1, weights, sums)
  else if (count === 2) beginRows(source, bytes, 2, weights, sums)
  else beginRows(source, bytes, 3, weights, sums)
  for (let tap = 3; tap < count; tap++)
    addRow(source + <usize>tap * <usize>bytes, bytes, v128.load32_splat(weights + (tap << 2)), sums)
}

/** One pixel of floats times its weight. */
@inline
function tapOf(at: usize, weights: usize, tap: i32): v128 {
  return f32x4.mul(v128.load32_splat(weights + (tap << 2)), v128.load(at + tap * 12))
}

/**
 * One pixel of the result as whole numbers. `few` is the number of taps as the compiler knows it: up to 4, or 5 for
 * more. Places with fewer taps have weights of 0 for the others, which add nothing.
 */
@inline
function pixelOf(sums: usize, place: usize, weights: usize, few: i32, taps: i32, bias: v128): v128 {
  const at = sums + load<i32>(place) * 12
  let sum = f32x4.add(bias, tapOf(at, weights, 0))
  if (few > 1) sum = f32x4.add(sum, tapOf(at, weights, 1))
  if (few > 2) sum = f32x4.add(sum, tapOf(at, weights, 2))
  if (few > 3) sum = f32x4.add(sum, tapOf(at, weights, 3))
  if (few > 4) for (let tap = 4; tap < taps; tap++) sum = f32x4.add(sum, tapOf(at, weights, tap))
  // Beside 1.5 · 2²³ floats have no fractions: what they lose is rounded half to even.
  return i32x4.sub(f32x4.add(sum, f32x4.splat(12582912)), i32x4.splat(0x4b400000))
}

/** Sums pixels of a row of floats into a row of the result: four at a time, and the last ones by themselves. */
@inline
function sumFew(
  sums: usize,
  target: usize,
  width: i32,
  few: i32,
  taps: i32,
  places: usize,
  weights: usize,
  bias: v128,
): void {
  const step = taps << 2
  let left = width
  for (; left >= 4; left -= 4) {
    const a = pixelOf(sums, places, weights, few, taps, bias)
    const b = pixelOf(sums, places + 8, weights + step, few, taps, bias)
    const c = pixelOf(sums, places + 16, weights + 2 * step, few, taps, bias)
    const d = pixelOf(sums, places + 24, weights + 3 * step, few, taps, bias)
    const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d))
    v128.store(target, i8x16.swizzle(bytes, i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)))
    target += 12
    places += 32
    weights += 4 * step
  }
  for (; left > 0; left--) {
    const pixel = pixelOf(sums, places, weights, few, taps, bias)
    const words = i16x8.narrow_i32x4_s(pixel, pixel)
    store<u32>(target, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0))
    target += 3
    places += 8
    weights += step
  }
}

function sumColumns(sums: usize, target: usize, width: i32, taps: i32, places: usize, weights: usize, bias: v128): void {
  if (taps === 1) sumFew(sums, target, width, 1, taps, places, weights, bias)
  else if (taps === 2) sumFew(sums, target, width, 2, taps, places, weights, bias)
  else if (taps === 3) sumFew(sums, target, width, 3, taps, places, weights, bias)
  else if (taps === 4) sumFew(sums, target, width, 4, taps, places, weights, bias)
  else sumFew(sums, target, width, 5, taps, places, weights, bias)
}

/**
 * Resamples an image. For each row and column of the result, `rows` and `columns` hold where its first tap is and how
 * many it has; the weights stand `rowTaps` and `columnTaps` apart. `sums` is room for one row of floats.
 */
export function resample(
  source: usize,
  sourceWidth: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  rows: usize,
  rowWeights: usize,
  rowTaps: i32,
  columns: usize,
  columnWeights: usize,
  columnTaps: i32,
  sums: usize,
  bias: f32,
): void {
  const bytes = sourceWidth * 3
  const start = f32x4.splat(bias)
  for (let y = 0; y < height; y++) {
    const first = <usize>load<i32>(rows) * <usize>bytes
    sumRows(source + first, bytes, load<i32>(rows, 4), rowWeights, sums)
    const behind = target + width * 3
    const kept = load<u32>(behind)
    sumColumns(sums, target, width, columnTaps, columns, columnWeights, start)
    // The bytes behind the row's last pixel may be a margin's.
    store<u32>(behind, kept)
    target += targetStride
    rows += 8
    rowWeights += rowTaps << 2
  }
}
