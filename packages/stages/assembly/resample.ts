// Separable resampling of pixels of four bytes, with 128-bit vectors. AssemblyScript: `npm run kernel` compiles it into
// packages/stages/src/datasets/image2dataset/images/resample-kernel.ts.

/** Sums `count` rows of bytes, each times its weight, into a row of floats. Works in steps of 16 bytes. */
function sumRows(source: usize, stride: i32, bytes: i32, count: i32, weights: usize, sums: usize): void {
  for (let x = 0; x < bytes; x += 16) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    let at = source + x
    for (let tap = 0; tap < count; tap++) {
      const weight = f32x4.splat(load<f32>(weights + (tap << 2)))
      const pixels = v128.load(at)
      const low = i16x8.extend_low_i8x16_u(pixels)
      const high = i16x8.extend_high_i8x16_u(pixels)
      a = f32x4.add(a, f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low))))
      b = f32x4.add(b, f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low))))
      c = f32x4.add(c, f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high))))
      d = f32x4.add(d, f32x4.mul(weight, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high))))
      at += stride
    }
    v128.store(sums, a)
    v128.store(sums, b, 16)
    v128.store(sums, c, 32)
    v128.store(sums, d, 48)
    sums += 64
  }
}

/** Sums pixels of a row of floats into the pixels of one row of the result, rounded half to even. */
function sumColumns(
  sums: usize,
  target: usize,
  width: i32,
  taps: i32,
  places: usize,
  weights: usize,
  bias: f32,
): void {
  for (let x = 0; x < width; x++) {
    let at = sums + (load<i32>(places) << 4)
    const count = load<i32>(places, 4)
    let sum = f32x4.splat(bias)
    for (let tap = 0; tap < count; tap++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + (tap << 2)), v128.load(at)))
      at += 16
    }
    const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(sum))
    const words = i16x8.narrow_i32x4_s(whole, whole)
    store<u32>(target, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0))
    target += 4
    places += 8
    weights += taps << 2
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
  const stride = sourceWidth << 2
  for (let y = 0; y < height; y++) {
    const first = load<i32>(rows)
    const count = load<i32>(rows, 4)
    sumRows(source + <usize>first * <usize>stride, stride, stride, count, rowWeights, sums)
    sumColumns(sums, target, width, columnTaps, columns, columnWeights, bias)
    target += targetStride
    rows += 8
    rowWeights += rowTaps << 2
  }
}
