import type { Fitting, Size } from "./geometry.ts"
import { OPENCV_KERNEL } from "./opencv-kernel.ts"
import { type Interpolation, makeTaps, type Taps } from "./taps.ts"

/** Pixels of three bytes, without gaps. They stay where they are until the resampler is used again. */
export interface Pixels extends Size {
  readonly data: Uint8Array
}

/** The little of WebAssembly that is used: Node has it, but its types don't tell. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    readonly buffer: ArrayBuffer
    constructor(size: { readonly initial: number })
    grow(pages: number): number
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>
    constructor(module: Module)
  }
}

type Kernel = (...values: ReadonlyArray<number>) => void

const PAGE = 65_536
/** The kernel works in steps of 16 bytes, and may read and write so far beyond the end. */
const MARGIN = 64
/** Memory that is kept after a large image, in bytes. */
const KEPT_MEMORY = 64 * 1024 * 1024

/** Resizes, cuts and pads as OpenCV would, in WebAssembly. The images stand in its own memory, one at a time. */
export class Resampler {
  readonly #module: WebAssembly.Module
  #memory = new WebAssembly.Memory({ initial: 1 })
  #kernel: Kernel = () => {}

  constructor() {
    this.#module = new WebAssembly.Module(Buffer.from(OPENCV_KERNEL, "base64"))
    this.#start()
  }

  /** Room for an image of that size, into which it is decoded. What the room held is gone. */
  reserve({ width, height }: Size): Uint8Array<ArrayBuffer> {
    if (this.#memory.buffer.byteLength > KEPT_MEMORY) this.#start()
    this.#grow(PAGE + width * height * 3 + MARGIN)
    return new Uint8Array(this.#memory.buffer, PAGE, width * height * 3)
  }

  /** Makes the image that `reserve` gave room for fit. */
  fit(source: Size, { resize, crop, pad }: Fitting, interpolation: Interpolation): Pixels {
    const cut = crop ?? (resize === undefined ? undefined : { ...resize, left: 0, top: 0 })
    if (resize === undefined || cut === undefined) return this.#pixels(PAGE, source)
    const size = {
      width: cut.width + (pad === undefined ? 0 : pad.left + pad.right),
      height: cut.height + (pad === undefined ? 0 : pad.top + pad.bottom),
    }
    const isEnlarged = resize.width > source.width || resize.height > source.height
    const kind = interpolation === "area" && isEnlarged ? "enlarged" : interpolation
    const columns = makeTaps(kind, source.width, resize.width, cut.left, cut.width)
    const rows = makeTaps(kind, source.height, resize.height, cut.top, cut.height)
    const layout = layoutOf(source, size, rows, columns)
    this.#grow(layout.end)
    const { buffer } = this.#memory
    if (pad !== undefined) new Uint8Array(buffer, layout.target, size.width * size.height * 3).fill(255)
    new Int32Array(buffer, layout.rows, rows.places.length).set(rows.places)
    new Float32Array(buffer, layout.rowWeights, rows.weights.length).set(rows.weights)
    new Int32Array(buffer, layout.columns, columns.places.length).set(columns.places)
    new Float32Array(buffer, layout.columnWeights, columns.weights.length).set(columns.weights)
    this.#kernel(
      PAGE,
      source.width,
      layout.target + 3 * ((pad?.top ?? 0) * size.width + (pad?.left ?? 0)),
      3 * size.width,
      cut.width,
      cut.height,
      layout.rows,
      layout.rowWeights,
      rows.most,
      layout.columns,
      layout.columnWeights,
      columns.most,
      layout.sums,
      // Halves: OpenCV rounds the mean of two by two pixels up, everything else to even.
      interpolation === "area" && isHalved(source, resize) ? 0.01 : 0,
    )
    return this.#pixels(layout.target, size)
  }

  /** Cuts or pads what `fit` has made. */
  place(pixels: Pixels, crop: Fitting["crop"], pad: Fitting["pad"]): Pixels {
    if (crop === undefined && pad === undefined) return pixels
    const [left, top] = [crop?.left ?? -(pad?.left ?? 0), crop?.top ?? -(pad?.top ?? 0)]
    const width = crop?.width ?? pixels.width + (pad?.left ?? 0) + (pad?.right ?? 0)
    const height = crop?.height ?? pixels.height + (pad?.top ?? 0) + (pad?.bottom ?? 0)
    const data = new Uint8Array(width * height * 3).fill(255)
    for (let y = Math.max(0, -top); y < Math.min(height, pixels.height - top); y++) {
      const from = 3 * ((y + top) * pixels.width + Math.max(0, left))
      const row = pixels.data.subarray(from, from + 3 * Math.min(width, pixels.width))
      data.set(row, 3 * (y * width + Math.max(0, -left)))
    }
    return { width, height, data }
  }

  #start(): void {
    const { exports } = new WebAssembly.Instance(this.#module)
    const { memory, resample } = exports
    if (!(memory instanceof WebAssembly.Memory) || typeof resample !== "function")
      throw new TypeError("the resampling kernel is not what it should be")
    this.#memory = memory
    this.#kernel = (...values) => resample(...values)
  }

  #grow(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE))
  }

  #pixels(start: number, { width, height }: Size): Pixels {
    return { width, height, data: new Uint8Array(this.#memory.buffer, start, width * height * 3) }
  }
}

const isHalved = (from: Size, to: Size): boolean =>
  from.width === 2 * to.width && from.height === 2 * to.height

/** Where everything stands in memory behind the source image. */
const layoutOf = (source: Size, result: Size, rows: Taps, columns: Taps) => {
  let end = PAGE + source.width * source.height * 3 + MARGIN
  const place = (bytes: number): number => {
    const start = Math.ceil(end / 16) * 16
    end = start + bytes + MARGIN
    return start
  }
  return {
    target: place(result.width * result.height * 3),
    rows: place(rows.places.byteLength),
    rowWeights: place(rows.weights.byteLength),
    columns: place(columns.places.byteLength),
    columnWeights: place(columns.weights.byteLength),
    sums: place(source.width * 12 + 64),
    end,
  }
}
