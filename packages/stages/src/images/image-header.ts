/** What a PNG says of its pixels: bits a channel, and the colour type of its specification. */
export interface PngHeader {
  readonly depth: number
  readonly colour: number
}

/** The format that the first bytes tell. */
export const formatOf = (bytes: Uint8Array): "jpeg" | "png" | "gif" | "webp" | "other" => {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return "jpeg"
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47])) return "png"
  if (startsWith(bytes, [0x47, 0x49, 0x46, 0x38])) return "gif"
  if (startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes.subarray(8), [0x57, 0x45, 0x42, 0x50]))
    return "webp"
  return "other"
}

const startsWith = (bytes: Uint8Array, start: ReadonlyArray<number>): boolean =>
  start.every((byte, at) => bytes[at] === byte)

/** Reads the header that a PNG begins with. */
export const readPngHeader = (bytes: Uint8Array): PngHeader => ({
  depth: bytes[24] ?? 0,
  colour: bytes[25] ?? 0,
})

const START_OF_SCAN = 0xda

/** A JPEG's components: 1 for greys, 3 for colours, 4 for inks; undefined when no segment tells them. */
export const readJpegComponents = (bytes: Uint8Array): number | undefined => {
  for (let at = 2; bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] ?? 0
    if (isFrame(marker)) return bytes[at + 9]
    if (marker === START_OF_SCAN) return undefined
    // Any number of 0xff may stand before a marker.
    at += marker === 0xff ? 1 : 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  }
  return undefined
}

/** SOF0 … SOF15 without the tables that stand among them. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
