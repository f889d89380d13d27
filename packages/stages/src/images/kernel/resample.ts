import { Buffer } from "node:buffer"
import type { CropBox } from "../raster.ts"
import type { Taps } from "../taps.ts"
import { PILLOW_KERNEL } from "./pillow-kernel.ts"

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

/** What the kernel may read or write past an end. */
const MARGIN = 16

/** Images larger than this, in bytes, get a kernel of their own, so that its memory is given back. */
const KEPT = 16 * 1024 * 1024

/** A pass over an image: along its rows or its columns, each pixel of the result is made of those the taps name. */
export interface Pass {
  readonly along: "rows" | "columns"
  readonly taps: Taps
}

/** A part of an image after some passes. The taps count from the part's corner. */
export const resample = (source: Bytes, part: CropBox, passes: ReadonlyArray<Pass>): Bytes => {
  const memory = new Workspace(part.width * part.height * source.bands)
  let image = memory.place(source, part)
  for (const { along, taps } of passes)
    image = along === "rows" ? memory.rows(image, taps) : memory.columns(image, taps)
  return memory.taken(image)
}

/** An image in the kernel's memory. */
interface Placed {
  readonly at: number
  /** Bytes from one row to the next. */
  readonly stride: number
  readonly bands: number
  readonly width: number
  readonly height: number
}

/** The kernel's memory, filled from its start with all that one image needs. */
class Workspace {
  readonly #kernel: Kernel
  #end = 0

  constructor(size: number) {
    this.#kernel = size <= KEPT ? keptKernel() : makeKernel()
  }

  place(source: Bytes, { left, top, width, height }: CropBox): Placed {
    const { bands, data } = source
    const stride = bands * width
    const at = this.#room(stride * height)
    for (let row = 0; row < height; row++) {
      const from = bands * ((top + row) * source.width + left)
      this.#bytes.set(data.subarray(from, from + stride), at + row * stride)
    }
    return { at, stride, bands, width, height }
  }

  rows(image: Placed, taps: Taps): Placed {
    const { at, stride, bands, height } = image
    const width = taps.first.length
    const result = this.#image(bands, width, height)
    const table = this.#put(tableOf(taps, bands))
    const spread = this.#put(spreadOf(bands))
    this.#kernel.rows(at, stride, result.at, result.stride, height, table, width, bands, spread)
    return result
  }

  columns(image: Placed, taps: Taps): Placed {
    const { at, stride, bands, width } = image
    const height = taps.first.length
    const result = this.#image(bands, width, height)
    const table = this.#put(tableOf(taps, stride))
    this.#kernel.columns(at, stride, result.at, result.stride, bands * width, table, height)
    return result
  }

  taken({ at, stride, bands, width, height }: Placed): Bytes {
    const data = new Uint8Array(bands * width * height)
    for (let row = 0; row < height; row++)
      data.set(
        this.#bytes.subarray(at + row * stride, at + row * stride + bands * width),
        row * bands * width,
      )
    return { data, bands, width, height }
  }

  get #bytes(): Uint8Array {
    return new Uint8Array(this.#kernel.memory.buffer)
  }

  #image(bands: number, width: number, height: number): Placed {
    const stride = padded(bands * width)
    return { at: this.#room(stride * height), stride, bands, width, height }
  }

  #put(bytes: Uint8Array): number {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
    return at
  }

  #room(size: number): number {
    const at = this.#end
    this.#end = padded(at + size)
    const missing = Math.ceil((this.#end + MARGIN - this.#kernel.memory.buffer.byteLength) / PAGE)
    if (missing > 0) this.#kernel.memory.grow(missing)
    return at
  }
}

/** A length with room for what is written past its end; what follows it starts at a multiple of 16. */
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

/** The taps as the kernel reads them; `unit` bytes lie between two sources. */
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

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 65_536

let kept: Kernel | undefined

/** The kernel that all images share: each is done with it before the next one comes. */
const keptKernel = (): Kernel => {
  kept ??= makeKernel()
  return kept
}

let compiled: WebAssembly.Module | undefined

const makeKernel = (): Kernel => {
  compiled ??= new WebAssembly.Module(Buffer.from(PILLOW_KERNEL, "base64"))
  const { memory, rows, columns } = new WebAssembly.Instance(compiled).exports
  if (!(memory instanceof WebAssembly.Memory) || typeof rows !== "function" || typeof columns !== "function")
    throw new Error("pillow-kernel.ts is not made of assembly/pillow.ts")
  return { memory, rows, columns }
}
