import { inlineJson } from "../shards/python-json.ts"
import { exifSegment } from "./exif-segment.ts"
import { GPS_TAGS, IMAGE_TAGS, VALUE_NAMES } from "./exif-tags.ts"
import type { ImageType } from "./image-type.ts"

/** Bytes of one value of each TIFF field type. */
const FIELD_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
const ASCII = 2
const UNDEFINED = 7

const EXIF_OFFSET = 0x8769
const GPS_OFFSET = 0x8825
/** Tags whose bytes are text though their type doesn't say so: the versions. */
const TEXT_TAGS = new Set([0x9000, 0xa000])
/** Left out by img2dataset too: metadata in other formats, and the makers' own notes. */
const IGNORED_TAGS = new Set([0x02bc, 0x927c, 0x9286])
/** More tags or values than any camera writes. */
const MOST_TAGS = 512
const MOST_VALUES = 1000
/** Longer lists are cut, as by exifread. */
const LISTED_VALUES = 20

/**
 * The EXIF tags of an image as img2dataset's `exif` column has them: JSON, from `Image Make`, `EXIF FNumber` … to texts;
 * `{}` when there are none or they are damaged.
 */
export const readExif = (bytes: Uint8Array, type: ImageType | undefined): string => {
  const segment = exifSegment(bytes, type)
  const tags = new Map<string, string>()
  if (segment !== undefined) readTiff(segment, tags)
  return inlineJson(tags)
}

interface Tiff {
  readonly view: DataView
  readonly isLittle: boolean
  readonly tags: Map<string, string>
}

const readTiff = (data: Uint8Array, tags: Map<string, string>): void => {
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  if (data.length < 8) return
  const order = view.getUint16(0)
  if (order !== 0x4949 && order !== 0x4d4d) return
  const tiff = { view, isLittle: order === 0x4949, tags }
  const next = readDirectory(tiff, view.getUint32(4, tiff.isLittle), "Image")
  if (next !== undefined && next !== 0) readDirectory(tiff, next, "Thumbnail")
}

/** Reads one directory and those below it; gives the place of the one that follows. */
const readDirectory = (
  tiff: Tiff,
  start: number,
  name: "Image" | "Thumbnail" | "EXIF" | "GPS",
): number | undefined => {
  const { view, isLittle, tags } = tiff
  if (start + 2 > view.byteLength) return undefined
  const count = view.getUint16(start, isLittle)
  const end = start + 2 + count * 12
  if (count > MOST_TAGS || end > view.byteLength) return undefined
  for (let at = start + 2; at < end; at += 12) {
    const tag = view.getUint16(at, isLittle)
    const field = readField(tiff, at)
    if (field === undefined || IGNORED_TAGS.has(tag)) continue
    const known = (name === "GPS" ? GPS_TAGS : IMAGE_TAGS).get(tag)
    const shown = known ?? `Tag 0x${tag.toString(16).toUpperCase().padStart(4, "0")}`
    tags.set(`${name} ${shown}`, printed(tag, field))
    const below = typeof field.values[0] === "number" ? field.values[0] : 0
    if (name === "Image" && tag === EXIF_OFFSET) readDirectory(tiff, below, "EXIF")
    if (name === "Image" && tag === GPS_OFFSET) readDirectory(tiff, below, "GPS")
  }
  return end + 4 <= view.byteLength ? view.getUint32(end, isLittle) : undefined
}

interface Field {
  readonly type: number
  /** Numbers, fractions as texts, or one text. */
  readonly values: ReadonlyArray<number | string>
}

const readField = ({ view, isLittle }: Tiff, entry: number): Field | undefined => {
  const type = view.getUint16(entry + 2, isLittle)
  const count = view.getUint32(entry + 4, isLittle)
  const size = FIELD_SIZES[type] ?? 0
  if (size === 0) return undefined
  const start = size * count <= 4 ? entry + 8 : view.getUint32(entry + 8, isLittle)
  if (start + size * count > view.byteLength) return undefined
  if (type === ASCII) return { type, values: [readText(view, start, count)] }
  const values = Array.from({ length: Math.min(count, MOST_VALUES) }, (_, index) =>
    readValue(view, start + index * size, type, isLittle),
  )
  return { type, values }
}

const readText = (view: DataView, start: number, length: number): string => {
  const text = Buffer.from(view.buffer, view.byteOffset + start, length).toString("utf8")
  const end = text.indexOf("\0")
  return end < 0 ? text : text.slice(0, end)
}

const readValue = (view: DataView, at: number, type: number, isLittle: boolean): number | string => {
  switch (type) {
    case 3:
      return view.getUint16(at, isLittle)
    case 4:
      return view.getUint32(at, isLittle)
    case 5:
      return fraction(view.getUint32(at, isLittle), view.getUint32(at + 4, isLittle))
    case 6:
      return view.getInt8(at)
    case 8:
      return view.getInt16(at, isLittle)
    case 9:
      return view.getInt32(at, isLittle)
    case 10:
      return fraction(view.getInt32(at, isLittle), view.getInt32(at + 4, isLittle))
    case 11:
      return view.getFloat32(at, isLittle)
    case 12:
      return view.getFloat64(at, isLittle)
    default:
      return view.getUint8(at)
  }
}

const fraction = (numerator: number, denominator: number): string => {
  const divisor = greatestDivisor(Math.abs(numerator), Math.abs(denominator)) || 1
  const below = denominator / divisor
  return below === 1 ? String(numerator) : `${numerator / divisor}/${below}`
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))

const printed = (tag: number, { type, values }: Field): string => {
  const first = values[0]
  if (type === UNDEFINED && TEXT_TAGS.has(tag))
    return values
      .map((value) => String.fromCharCode(Number(value)))
      .join("")
      .trim()
  if (values.length === 1 && first !== undefined) {
    const named = typeof first === "number" ? VALUE_NAMES.get(tag)?.get(first) : undefined
    return (named ?? String(first)).trim()
  }
  const isCut = values.length > 50
  return `[${values.slice(0, isCut ? LISTED_VALUES : undefined).join(", ")}${isCut ? ", ... " : ""}]`
}
