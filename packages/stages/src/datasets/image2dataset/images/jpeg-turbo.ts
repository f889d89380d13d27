import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** What a JPEG's header says. */
export interface JpegHeader {
  readonly width: number
  readonly height: number
  readonly isGrey: boolean
}

/** JPEG by libjpeg-turbo. Pixels are of three bytes: red, green, blue. */
export interface JpegTurbo {
  /** Undefined when the bytes are damaged, or their colours are not grey, RGB or YCbCr. */
  readonly header: (bytes: Uint8Array) => JpegHeader | undefined
  /** Decodes with the accurate DCT and smooth chroma into `target`; false when anything in the bytes looks wrong. */
  readonly decode: (bytes: Uint8Array, target: Uint8Array) => boolean
  /** Encodes with chroma 4:2:0, or as grey. */
  readonly encode: (
    pixels: Uint8Array,
    width: number,
    height: number,
    quality: number,
    isGrey: boolean,
  ) => Uint8Array
}

const COMPRESS = 0
const DECOMPRESS = 1
const NO_REALLOC = 2
const QUALITY = 3
const SUBSAMPLING = 4
const WIDTH = 5
const HEIGHT = 6
const PRECISION = 7
const COLOURSPACE = 8
const SCAN_LIMIT = 13
const RGB_PIXELS = 0
const SUBSAMPLING_420 = 2
const SUBSAMPLING_GREY = 3
const RGB = 0
const YCBCR = 1
const GREY = 2
/** A progressive JPEG of more scans is there to keep decoders busy. */
const MOST_SCANS = 500

/**
 * Opens libjpeg-turbo, which the package @julusian/jpeg-turbo brings along for Linux. The library is called itself: that
 * package's own functions know only the fast DCT, which darkens images and tints them green (by 0.8 of 255 in the
 * mean). Undefined on systems for which there is none.
 */
export const openJpegTurbo = async (): Promise<JpegTurbo | undefined> => {
  const file = libraryFile()
  if (file === undefined) return undefined
  const { default: koffi } = await import("koffi")
  const library = koffi.load(file)
  const init = library.func("void *tj3Init(int)")
  const set = library.func("int tj3Set(void *, int, int)")
  const get = library.func("int tj3Get(void *, int)")
  const readHeader = library.func("int tj3DecompressHeader(void *, const uint8_t *, size_t)")
  const decompress = library.func("int tj3Decompress8(void *, const uint8_t *, size_t, uint8_t *, int, int)")
  const bufferSize = library.func("size_t tj3JPEGBufSize(int, int, int)")
  const allocate = library.func("void *tj3Alloc(size_t)")
  const free = library.func("void tj3Free(void *)")
  const compress = library.func(
    "int tj3Compress8(void *, const uint8_t *, int, int, int, int, _Inout_ void **, _Inout_ size_t *)",
  )

  const decoder = init(DECOMPRESS)
  set(decoder, SCAN_LIMIT, MOST_SCANS)
  const encoder = init(COMPRESS)
  set(encoder, NO_REALLOC, 1)
  let room = 0
  let output: unknown = null

  return {
    header: (bytes) => {
      if (readHeader(decoder, bytes, bytes.length) !== 0) return undefined
      const colours = get(decoder, COLOURSPACE)
      if (get(decoder, PRECISION) !== 8 || (colours !== RGB && colours !== YCBCR && colours !== GREY))
        return undefined
      return { width: get(decoder, WIDTH), height: get(decoder, HEIGHT), isGrey: colours === GREY }
    },
    decode: (bytes, target) =>
      readHeader(decoder, bytes, bytes.length) === 0 &&
      decompress(decoder, bytes, bytes.length, target, 0, RGB_PIXELS) === 0,
    encode: (pixels, width, height, quality, isGrey) => {
      const subsampling = isGrey ? SUBSAMPLING_GREY : SUBSAMPLING_420
      set(encoder, SUBSAMPLING, subsampling)
      set(encoder, QUALITY, Math.max(1, quality))
      const needed = Number(bufferSize(width, height, subsampling))
      if (needed > room) {
        if (output !== null) free(output)
        output = allocate(needed)
        room = needed
      }
      const size = [room]
      if (compress(encoder, pixels, width, 0, height, RGB_PIXELS, [output], size) !== 0)
        throw new Error("libjpeg-turbo cannot encode the image")
      return new Uint8Array(koffi.view(output, Number(size[0]))).slice()
    },
  }
}

const libraryFile = (): string | undefined => {
  const require = createRequire(import.meta.url)
  const entry = require.resolve("@julusian/jpeg-turbo")
  const inner = createRequire(entry)
  const binding: unknown = inner("pkg-prebuilds").resolve(
    dirname(entry),
    inner("./binding-options.js"),
    false,
    false,
  )
  if (typeof binding !== "string") return undefined
  const file = join(dirname(binding), "libturbojpeg.so.0")
  return existsSync(file) ? file : undefined
}
