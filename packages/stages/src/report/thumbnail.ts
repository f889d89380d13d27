import { imageType } from "./image-type.ts"

/** An encoded picture as the page shows it. */
export interface Thumbnail {
  /** `image/jpeg` … */
  readonly type: string
  readonly bytes: Uint8Array
}

/** The page's largest picture: its longer side, and the bytes up to which it is taken as it is. */
const LONGEST_SIDE = 256
const LARGEST = 32 * 1024
/** More pixels than this are a decompression bomb rather than a photograph. */
const MOST_PIXELS = 100_000_000

/** A picture small enough for the page, whatever was put in; undefined of what can't be shown. */
export const thumbnail = async (bytes: Uint8Array): Promise<Thumbnail | undefined> => {
  const type = imageType(bytes)
  if (type !== undefined && bytes.length <= LARGEST) return { type, bytes }
  // Loaded only where it is needed: the report runs in the engine's own process.
  const { default: sharp } = await import("sharp")
  try {
    const small = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error" })
      .rotate()
      .resize(LONGEST_SIDE, LONGEST_SIDE, { fit: "inside", withoutEnlargement: true })
    return { type: "image/jpeg", bytes: await small.flatten({ background: "#ffffff" }).jpeg().toBuffer() }
  } catch {
    return undefined
  }
}
