import { constants, crc32, deflateSync } from "node:zlib"
import type { Raster } from "./raster.ts"

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const FILTER_UP = 2

/**
 * An image as PNG (8-bit RGB). The bytes are the same on every machine: rows are always filtered by the row above,
 * and zlib's run-length strategy looks for matches without the hashing that differs between processors.
 */
export const encodePng = ({ width, height, data }: Raster): Buffer => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const packed = deflateSync(filterUp(width, height, data), {
    strategy: constants.Z_RLE,
    level: 6,
    memLevel: 8,
  })
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", packed),
    chunk("IEND", Buffer.alloc(0)),
  ])
}

const filterUp = (width: number, height: number, data: Uint8Array): Uint8Array => {
  const stride = 3 * width
  const rows = new Uint8Array((stride + 1) * height)
  for (let row = 0, to = 0, from = 0; row < height; row++) {
    rows[to++] = FILTER_UP
    for (let column = 0; column < stride; column++, from++) {
      const above = row === 0 ? 0 : (data[from - stride] ?? 0)
      rows[to++] = (data[from] ?? 0) - above
    }
  }
  return rows
}

const chunk = (type: string, content: Uint8Array): Buffer => {
  const framed = Buffer.alloc(content.length + 12)
  framed.writeUInt32BE(content.length, 0)
  framed.write(type, 4, "latin1")
  framed.set(content, 8)
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + content.length)), 8 + content.length)
  return framed
}

/** An image as JPEG without loss of colour resolution (4:4:4). */
export const encodeJpeg = async ({ width, height, data }: Raster, quality = 95): Promise<Buffer> => {
  const { default: sharp } = await import("sharp")
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: "4:4:4" })
    .toBuffer()
}
