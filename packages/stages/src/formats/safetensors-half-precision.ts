/** IEEE 754 binary16 and bfloat16, which JavaScript's typed arrays of this project's target do not have. */

const word = new Uint32Array(1)
const single = new Float32Array(word.buffer)

/** The binary16 bits nearest to a number, ties to even; too large becomes infinite. */
const toHalf = (value: number): number => {
  single[0] = value
  const bits = word[0] ?? 0
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude >= 0x7f800000) return sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0)
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000)
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  // Subnormal: adding one half makes the processor round the mantissa to multiples of 2⁻²⁴.
  single[0] = Math.abs(value)
  single[0] = (single[0] ?? 0) + 0.5
  return sign | ((word[0] ?? 0) - 0x3f000000)
}

/** The number that binary16 bits mean. */
const fromHalf = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

let halves: Float32Array | undefined

/** Exactly the numbers that the binary16 bits mean. */
export const widenHalf = (bits: Uint16Array): Float32Array => {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, half) => fromHalf(half))
  const values = new Float32Array(bits.length)
  for (let index = 0; index < bits.length; index++) values[index] = halves[bits[index] ?? 0] ?? 0
  return values
}

/** Each number rounded to the nearest binary16, ties to even. */
export const narrowToHalf = (values: Float32Array): Uint16Array => {
  const bits = new Uint16Array(values.length)
  for (let index = 0; index < values.length; index++) bits[index] = toHalf(values[index] ?? 0)
  return bits
}

/** Exactly the numbers that the bfloat16 bits mean: the upper half of a float32. */
export const widenBfloat16 = (bits: Uint16Array): Float32Array => {
  const words = new Uint32Array(bits.length)
  for (let index = 0; index < bits.length; index++) words[index] = (bits[index] ?? 0) << 16
  return new Float32Array(words.buffer)
}

/** Each number rounded to the nearest bfloat16, ties to even. */
export const narrowToBfloat16 = (values: Float32Array): Uint16Array => {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const bits = new Uint16Array(values.length)
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? 0
    const isNan = (word & 0x7fffffff) > 0x7f800000
    bits[index] = isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return bits
}
