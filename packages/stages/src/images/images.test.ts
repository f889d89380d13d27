import fc from "fast-check"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import {
  crop,
  decodeImage,
  encodeJpeg,
  encodePng,
  type Raster,
  randomCropBox,
  randomResizedCrop,
  rasteriseSvg,
  resizeBicubic,
  UnreadableImage,
} from "./index.ts"

const rasters: fc.Arbitrary<Raster> = fc
  .record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }), seed: fc.nat() })
  .map(({ width, height, seed }) => ({
    width,
    height,
    data: Uint8Array.from(RandomStream.named(seed, "test").integers(3 * width * height, 256)),
  }))

const flat = (width: number, height: number, level: number): Raster => ({
  width,
  height,
  data: new Uint8Array(3 * width * height).fill(level),
})

describe("encodePng", () => {
  it("keeps every pixel", async () => {
    await fc.assert(
      fc.asyncProperty(rasters, async (raster) => {
        const decoded = await decodeImage(encodePng(raster))
        expect(decoded.width).toBe(raster.width)
        expect(Buffer.compare(decoded.data, raster.data)).toBe(0)
      }),
      { numRuns: 50 },
    )
  })
})

describe("encodeJpeg", () => {
  it("keeps colours apart at full resolution", async () => {
    const data = Uint8Array.from({ length: 3 * 16 * 16 }, (_, at) =>
      Math.floor(at / 3) % 2 === at % 2 ? 200 : 60,
    )
    const decoded = await decodeImage(await encodeJpeg({ width: 16, height: 16, data }, 100))
    const worst = Math.max(...decoded.data.map((value, at) => Math.abs(value - (data[at] ?? 0))))
    expect(worst).toBeLessThan(8)
  })
})

describe("decodeImage", () => {
  it("does not turn an image by its EXIF orientation", async () => {
    const upright = await sharp({ create: { width: 6, height: 3, channels: 3, background: "red" } })
      .png()
      .toBuffer()
    const tagged = await sharp(upright).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    expect(await decodeImage(tagged)).toMatchObject({ width: 6, height: 3 })
  })

  it.each([
    ["no image at all", Buffer.from("hello")],
    ["nothing", Buffer.alloc(0)],
    ["a document", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>')],
    ["half an image", encodePng(flat(40, 40, 9)).subarray(0, 60)],
  ])("refuses %s", async (_, bytes) => {
    await expect(decodeImage(bytes)).rejects.toBeInstanceOf(UnreadableImage)
  })

  it("refuses an image of very many pixels before it decodes them", async () => {
    const bomb = encodePng(flat(1, 1, 0))
    bomb.writeUInt32BE(60_000, 16)
    bomb.writeUInt32BE(60_000, 20)
    await expect(decodeImage(bomb)).rejects.toThrow(/pixel/i)
  })
})

describe("resizeBicubic", () => {
  it("leaves an image of the right size alone", () => {
    fc.assert(
      fc.property(rasters, (raster) => {
        expect(resizeBicubic(raster, raster.width, raster.height)).toEqual(raster)
      }),
    )
  })

  it("keeps a flat image flat", () => {
    const sizes = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(sizes, sizes, sizes, sizes, fc.integer({ min: 0, max: 255 }), (w, h, toW, toH, level) => {
        expect(resizeBicubic(flat(w, h, level), toW, toH)).toEqual(flat(toW, toH, level))
      }),
    )
  })
})

describe("randomCropBox", () => {
  const size = fc.integer({ min: 1, max: 300 })
  it("stays inside the image and keeps to the shapes allowed", () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (width, height, seed) => {
        const stream = RandomStream.named(seed, "crop")
        const box = randomCropBox({ width, height }, stream, { scale: [0.1, 1], ratio: [3 / 4, 4 / 3] })
        expect(box.width).toBeGreaterThan(0)
        expect(box.height).toBeGreaterThan(0)
        expect(box.left).toBeGreaterThanOrEqual(0)
        expect(box.top).toBeGreaterThanOrEqual(0)
        expect(box.left + box.width).toBeLessThanOrEqual(width)
        expect(box.top + box.height).toBeLessThanOrEqual(height)
        expect((box.width - 1) / (box.height + 1)).toBeLessThanOrEqual(4 / 3)
        expect((box.width + 1) / Math.max(1, box.height - 1)).toBeGreaterThanOrEqual(3 / 4)
      }),
    )
  })

  it("takes the largest allowed middle when nothing fits", () => {
    const box = randomCropBox({ width: 400, height: 20 }, RandomStream.named(1), {
      scale: [0.9, 1],
      ratio: [0.75, 4 / 3],
    })
    expect(box).toEqual({ left: 186, top: 0, width: 27, height: 20 })
  })
})

it("crops and resizes the same way for the same stream", () => {
  const raster = { width: 40, height: 30, data: Uint8Array.from({ length: 3600 }, (_, at) => at % 251) }
  const options = { size: 16, scale: [0.5, 1], ratio: [0.75, 4 / 3] } as const
  const view = () => randomResizedCrop(raster, RandomStream.named(5, "view"), options)
  expect(view()).toEqual(view())
  expect(view()).toMatchObject({ width: 16, height: 16 })
})

it("refuses a crop that leaves the image", () => {
  expect(() => crop(flat(4, 4, 0), 2, 0, 3, 1)).toThrow(RangeError)
})

it("rasterises SVG at its own size", async () => {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1"><rect width="1" height="1" fill="#102030"/></svg>'
  const raster = await rasteriseSvg(svg)
  expect([...raster.data]).toEqual([0x10, 0x20, 0x30, 255, 255, 255])
})
