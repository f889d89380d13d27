import { decodeLzw } from "./lzw.ts"
import type { Picture } from "./picture.ts"
import { MAXIMUM_PIXELS, UnreadableImage } from "./unreadable-image.ts"

const EXTENSION = 0x21
const IMAGE = 0x2c
const GRAPHIC_CONTROL = 0xf9

/**
 * The first frame of a GIF as Pillow has it: transparent pixels show the colour that the palette has for them, and
 * where the frame doesn't cover the screen there is the transparent colour, or else the first one. A palette that is
 * the plain ramp of greys counts as none, so that its picture is interpolated when it is resized.
 *
 * @throws UnreadableImage when the bytes end too soon or are damaged
 */
export const decodeGif = (bytes: Uint8Array): Picture => {
  const input = new GifInput(bytes, 6)
  const [screenWidth, screenHeight, flags] = [input.two(), input.two(), input.one()]
  input.skip(2)
  const common = input.palette(flags)
  const transparent = skipToImage(input)
  const [left, top, frameWidth, frameHeight, frameFlags] = [
    input.two(),
    input.two(),
    input.two(),
    input.two(),
    input.one(),
  ]
  const width = Math.max(screenWidth, left + frameWidth)
  const height = Math.max(screenHeight, top + frameHeight)
  if (width * height === 0) throw new UnreadableImage("the GIF is empty")
  if (width * height > MAXIMUM_PIXELS) throw new UnreadableImage("the GIF has too many pixels")
  const palette = input.palette(frameFlags) ?? common
  const bits = input.one()
  const frame = decodeLzw(input.blocks(), bits, frameWidth * frameHeight)
  const rows = (frameFlags & 0x40) === 0 ? undefined : interlacedRows(frameHeight)
  const indices = new Uint8Array(width * height).fill(transparent ?? 0)
  for (let row = 0; row < frameHeight; row++)
    indices.set(
      frame.subarray(row * frameWidth, (row + 1) * frameWidth),
      (top + (rows?.[row] ?? row)) * width + left,
    )
  const grey = palette === undefined || isRamp(palette)
  const data = coloured(indices, grey ? undefined : palette)
  return grey ? { width, height, data } : { mode: "P", width, height, data }
}

/** Reads up to the first image; gives the transparent colour of the last graphic control extension. */
const skipToImage = (input: GifInput): number | undefined => {
  let transparent: number | undefined
  for (;;) {
    const kind = input.one()
    if (kind === IMAGE) return transparent
    if (kind !== EXTENSION) continue
    const label = input.one()
    const [block] = input.blocks()
    if (label === GRAPHIC_CONTROL && block !== undefined && ((block[0] ?? 0) & 1) === 1)
      transparent = block[3]
  }
}

/** In which row of the image each stored row belongs. */
const interlacedRows = (height: number): ReadonlyArray<number> =>
  [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ].flatMap(([start = 0, step = 1]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - start) / step)) }, (_, at) => start + at * step),
  )

const isRamp = (palette: Uint8Array): boolean => palette.every((level, at) => level === Math.floor(at / 3))

const coloured = (indices: Uint8Array, palette: Uint8Array | undefined): Uint8Array => {
  const data = new Uint8Array(3 * indices.length)
  for (const [at, index] of indices.entries())
    for (let channel = 0; channel < 3; channel++)
      data[3 * at + channel] = palette === undefined ? index : (palette[3 * index + channel] ?? 0)
  return data
}

/** Bytes read one after another. */
class GifInput {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  one(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new UnreadableImage("the GIF is truncated")
    return byte
  }

  two(): number {
    return this.one() | (this.one() << 8)
  }

  skip(count: number): void {
    this.#at += count
  }

  /** The colours that follow, when the flags say so. */
  palette(flags: number): Uint8Array | undefined {
    if ((flags & 0x80) === 0) return undefined
    const size = 3 << ((flags & 7) + 1)
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  /** The data blocks that follow, up to the empty one; the last may be cut short. */
  blocks(): ReadonlyArray<Uint8Array> {
    const blocks: Array<Uint8Array> = []
    while (this.#at < this.#bytes.length) {
      const size = this.one()
      if (size === 0) break
      blocks.push(this.#bytes.subarray(this.#at, this.#at + size))
      this.#at += size
    }
    return blocks
  }
}
