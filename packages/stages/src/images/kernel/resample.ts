import { Buffer } from "node:buffer"
import type { Taps } from "../taps.ts"
import { RESAMPLE_MODULE } from "./resample-module.ts"

/** Bytes of an image, row by row without gaps. */
export interface Bytes {
  readonly data: Uint8Array
  /** Bytes of a pixel: up to four. */
  readonly bands: number
  /** In pixels. */
  readonly width: number
  readonly height: number
}

/** Bits after the binary point of Pillow's fixed-point weights: 32 − 8 (of a pixel) − 2 (room for overshoot). */
const PRECISION = 22

/** The low half of a weight has 15 bits, so that it is a positive number of 16 bits. */
const HALF_BITS = 15
const HALF_MASK = (1 << HALF_BITS) - 1

/** What resample.wat may read or write past an end. */
const MARGIN = 16

/** Memory up to this size is kept for the next image. */
const KEPT = 32 * 1024 * 1024

/** Images of other widths, each pixel of the result made of the pixels that the taps name. */
export const resampleRows = (source: Bytes, taps: Taps): Bytes => {
  const { bands, height } = source
  const width = taps.first.length
  const stride = bands * source.width
  const targetStride = padded(bands * width)
  const spread = spreadOf(bands)
  const places = layOut([spread, tableOf(taps, bands), source.data], targetStride * height)
  const [spreadAt = 0, tableAt = 0, sourceAt = 0] = places.inputs
  const { kernel, target } = places
  kernel.rows(sourceAt, stride, target, targetStride, height, tableAt, width, bands, spreadAt)
  return { data: gathered(kernel, target, targetStride, bands * width, height), bands, width, height }
}

/** Images of other heights. */
export const resampleColumns = (source: Bytes, taps: Taps): Bytes => {
  const { bands, width } = source
  const height = taps.first.length
  const stride = bands * width
  const targetStride = padded(stride)
  const places = layOut([tableOf(taps, stride), source.data], targetStride * height)
  const [tableAt = 0, sourceAt = 0] = places.inputs
  const { kernel, target } = places
  kernel.columns(sourceAt, stride, target, targetStride, stride, tableAt, height)
  return { data: gathered(kernel, target, targetStride, stride, height), bands, width, height }
}

/** A length with room for what is written past its end, and for what follows at an even place. */
const padded = (length: number): number => Math.ceil((length + 3) / MARGIN) * MARGIN

/** Where two pixels' bytes go so that the values of each band stand side by side, with zeros above them. */
const spreadOf = (bands: number): Uint8Array => {
  const spread = new Uint8Array(16).fill(0xff)
  for (let band = 0; band < bands; band++) {
    spread[4 * band] = band
    spread[4 * band + 2] = bands + band
  }
  return spread
}

/** The taps as resample.wat reads them; `unit` bytes lie between two sources. */
const tableOf = ({ first, counts, weights, most }: Taps, unit: number): Uint8Array => {
  const entries = counts.reduce((sum, count) => sum + 2 + 2 * Math.ceil(count / 2), 0)
  const table = new Int32Array(entries)
  let at = 0
  for (let target = 0; target < first.length; target++) {
    const count = counts[target] ?? 0
    table[at++] = (first[target] ?? 0) * unit
    table[at++] = Math.ceil(count / 2)
    for (let tap = 0; tap < count; tap += 2) {
      const weight = fixed(weights[target * most + tap] ?? 0)
      const partner = tap + 1 < count ? fixed(weights[target * most + tap + 1] ?? 0) : 0
      table[at++] = (weight & HALF_MASK) | ((partner & HALF_MASK) << 16)
      table[at++] = ((weight >> HALF_BITS) & 0xffff) | ((partner >> HALF_BITS) << 16)
    }
  }
  return new Uint8Array(table.buffer)
}

const fixed = (weight: number): number => Math.trunc(weight * (1 << PRECISION) + (weight < 0 ? -0.5 : 0.5))

interface Kernel {
  readonly memory: WebAssembly.Memory
  readonly rows: (...numbers: ReadonlyArray<number>) => unknown
  readonly columns: (...numbers: ReadonlyArray<number>) => unknown
}

interface Layout {
  readonly kernel: Kernel
  /** Where each input is. */
  readonly inputs: ReadonlyArray<number>
  /** Where the result goes. */
  readonly target: number
}

/** Copies the inputs into the kernel's memory, with room for a result of that size after them. */
const layOut = (inputs: ReadonlyArray<Uint8Array>, resultSize: number): Layout => {
  const places: Array<number> = []
  let end = 0
  for (const { length } of inputs) {
    places.push(end)
    end = padded(end + length)
  }
  const kernel = kernelFor(end + resultSize + MARGIN)
  const memory = new Uint8Array(kernel.memory.buffer)
  for (const [index, input] of inputs.entries()) memory.set(input, places[index])
  return { kernel, inputs: places, target: end }
}

const gathered = (
  { memory }: Kernel,
  start: number,
  stride: number,
  width: number,
  height: number,
): Uint8Array => {
  const result = new Uint8Array(width * height)
  for (let row = 0; row < height; row++)
    result.set(new Uint8Array(memory.buffer, start + row * stride, width), row * width)
  return result
}

let kept: Kernel | undefined

/** A kernel with that much memory. Work is done in one go, so all of it may share one; very large images get their own. */
const kernelFor = (size: number): Kernel => {
  const kernel = size <= KEPT ? keptKernel() : makeKernel()
  const missing = Math.ceil((size - kernel.memory.buffer.byteLength) / PAGE)
  if (missing > 0) kernel.memory.grow(missing)
  return kernel
}

const PAGE = 65_536

const keptKernel = (): Kernel => {
  kept ??= makeKernel()
  return kept
}

let compiled: WebAssembly.Module | undefined

const makeKernel = (): Kernel => {
  compiled ??= new WebAssembly.Module(Buffer.from(RESAMPLE_MODULE, "base64"))
  const { memory, rows, columns } = new WebAssembly.Instance(compiled).exports
  if (!(memory instanceof WebAssembly.Memory) || typeof rows !== "function" || typeof columns !== "function")
    throw new Error("resample-module.ts is not made of resample.wat")
  return { memory, rows, columns }
}
