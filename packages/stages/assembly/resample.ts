// Separable resampling of pixels of three bytes, with 128-bit vectors. AssemblyScript: `npm run kernel` compiles it into
// packages/stages/src/datasets/image2dataset/images/resample-kernel.ts.

/** Adds 16 bytes, each times the weight, to the floats of `sums`, or begins them. */
@inline
function addBytes(pixels: v128, weight: v128, sums: usize, isFirst: bool): void {
  const low = i16x8.extend_low_i8x16_u(pixels)
  const high = i16x8.extend_high_i8x16_u(pixels)
  const a = f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)))
  const b = f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)))
  const c = f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)))
  const d = f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)))
  v128.store(sums, isFirst ? a : f32x4.add(v128.load(sums), a))
  v128.store(sums, isFirst ? b : f32x4.add(v128.load(sums, 16), b), 16)
  v128.store(sums, isFirst ? c : f32x4.add(v128.load(sums, 32), c), 32)
  v128.store(sums, isFirst ? d : f32x4.add(v128.load(sums, 48), d), 48)
}

/** Two rows of bytes, each times its weight, as a row of floats: begun, or added to it. */
@inline
function addRows(above: usize, below: usize, bytes: i32, first: f32, second: f32, sums: usize, isFirst: bool): void {
  const w0 = f32x4.splat(first)
  const w1 = f32x4.splat(second)
  const end = above + bytes
  while (above < end) {
    const p = v128.load(above)
    const q = v128.load(below)
    const pl = i16x8.extend_low_i8x16_u(p)
    const ph = i16x8.extend_high_i8x16_u(p)
    const ql = i16x8.extend_low_i8x16_u(q)
    const qh = i16x8.extend_high_i8x16_u(q)
    let a = f32x4.mul(w0, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(pl)))
    let b = f32x4.mul(w0, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(pl)))
    let c = f32x4.mul(w0, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(ph)))
    let d = f32x4.mul(w0, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(ph)))
    if (!isFirst) {
      a = f32x4.add(v128.load(sums), a)
      b = f32x4.add(v128.load(sums, 16), b)
      c = f32x4.add(v128.load(sums, 32), c)
      d = f32x4.add(v128.load(sums, 48), d)
    }
    a = f32x4.add(a, f32x4.mul(w1, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(ql))))
    b = f32x4.add(b, f32x4.mul(w1, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(ql))))
    c = f32x4.add(c, f32x4.mul(w1, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(qh))))
    d = f32x4.add(d, f32x4.mul(w1, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(qh))))
    v128.store(sums, a)
    v128.store(sums, b, 16)
    v128.store(sums, c, 32)
    v128.store(sums, d, 48)
    above += 16
    below += 16
    sums += 64
  }
}

/** Sums `count` rows of bytes, each times its weight, into a row of floats. Works in steps of 16 bytes. */
function sumRows(source: usize, bytes: i32, count: i32, weights: usize, sums: usize): void {
  let tap = 0
  if (count > 1) {
    addRows(source, source + bytes, bytes, load<f32>(weights), load<f32>(weights, 4), sums, true)
    tap = 2
  }
  for (; tap + 1 < count; tap += 2) {
    const row = source + <usize>tap * <usize>bytes
    const weight = weights + (tap << 2)
    addRows(row, row + bytes, bytes, load<f32>(weight), load<f32>(weight, 4), sums, false)
  }
  if (tap < count) {
    const row = source + <usize>tap * <usize>bytes
    const weight = f32x4.splat(load<f32>(weights + (tap << 2)))
    if (tap === 0) for (let x = 0; x < bytes; x += 16) addBytes(v128.load(row + x), weight, sums + (x << 2), true)
    else for (let x = 0; x < bytes; x += 16) addBytes(v128.load(row + x), weight, sums + (x << 2), false)
  }
}

/** One pixel of floats times its weight. */
@inline
function tapOf(at: usize, weights: usize, tap: i32): v128 {
  return f32x4.mul(v128.load32_splat(weights + (tap << 2)), v128.load(at + tap * 12))
}

/** Rounds half to even and stores three bytes, and one more that the next pixel overwrites. */
@inline
function storePixel(target: usize, sum: v128): void {
  const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(sum))
  const words = i16x8.narrow_i32x4_s(whole, whole)
  store<u32>(target, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0))
}

/** Sums pixels of a row of floats into the pixels of one row of the result. */
function sumColumns(sums: usize, target: usize, width: i32, taps: i32, places: usize, weights: usize, bias: f32): void {
  const start = f32x4.splat(bias)
  const step = taps << 2
  const end = places + (width << 3)
  for (; places < end; places += 8) {
    const at = sums + load<i32>(places) * 12
    let sum = f32x4.add(start, tapOf(at, weights, 0))
    // Places with fewer taps have weights of 0 for the others, which add nothing.
    if (taps > 1) sum = f32x4.add(sum, tapOf(at, weights, 1))
    if (taps > 2) sum = f32x4.add(sum, tapOf(at, weights, 2))
    for (let tap = 3; tap < taps; tap++) sum = f32x4.add(sum, tapOf(at, weights, tap))
    storePixel(target, sum)
    target += 3
    weights += step
  }
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
  for (let y = 0; y < height; y++) {
    const first = <usize>load<i32>(rows) * <usize>bytes
    sumRows(source + first, bytes, load<i32>(rows, 4), rowWeights, sums)
    const kept = load<u8>(target + width * 3)
    sumColumns(sums, target, width, columnTaps, columns, columnWeights, bias)
    // The byte behind the row's last pixel may be a margin's.
    store<u8>(target + width * 3, kept)
    target += targetStride
    rows += 8
    rowWeights += rowTaps << 2
  }
}
