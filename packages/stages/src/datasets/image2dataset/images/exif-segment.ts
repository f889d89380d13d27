import type { ImageType } from "./image-type.ts"

/** The EXIF data (a TIFF structure) inside a JPEG, PNG or WebP image, or undefined when it has none. */
export const exifSegment = (bytes: Uint8Array, type: ImageType | undefined): Uint8Array | undefined => {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (type === "jpg") return ofJpeg(data)
  if (type === "png") return ofPng(data)
  if (type === "webp") return ofWebp(data)
  return type === "tiff" ? data : undefined
}

const PREFIX = "Exif\0\0"

const withoutPrefix = (data: Buffer): Buffer =>
  data.toString("latin1", 0, PREFIX.length) === PREFIX ? data.subarray(PREFIX.length) : data

const ofJpeg = (data: Buffer): Buffer | undefined => {
  for (let at = 2; at + 4 <= data.length && data[at] === 0xff; ) {
    const marker = data[at + 1] ?? 0
    // The compressed image begins: no tags after it.
    if (marker === 0xda) return undefined
    const length = data.readUInt16BE(at + 2)
    const body = data.subarray(at + 4, at + 2 + length)
    if (marker === 0xe1 && body.toString("latin1", 0, PREFIX.length) === PREFIX) return withoutPrefix(body)
    at += 2 + length
  }
  return undefined
}

const ofPng = (data: Buffer): Buffer | undefined => {
  for (let at = 8; at + 12 <= data.length; at += 12 + data.readUInt32BE(at)) {
    const name = data.toString("latin1", at + 4, at + 8)
    if (name === "eXIf") return data.subarray(at + 8, at + 8 + data.readUInt32BE(at))
    if (name === "IEND") return undefined
  }
  return undefined
}

const ofWebp = (data: Buffer): Buffer | undefined => {
  for (let at = 12; at + 8 <= data.length; ) {
    const length = data.readUInt32LE(at + 4)
    if (data.toString("latin1", at, at + 4) === "EXIF")
      return withoutPrefix(data.subarray(at + 8, at + 8 + length))
    at += 8 + length + (length % 2)
  }
  return undefined
}
