import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import sharp from "sharp"
import { options, picture } from "../fixtures/job.ts"
import type { DownloadOptions } from "../options.ts"
import { sampleKey, shardName } from "../shards/index.ts"
import { readExif } from "./exif.ts"
import { fittedSize, fitting } from "./geometry.ts"
import { ImageProcessor } from "./image-processor.ts"

const attempt = async (bytes: Uint8Array, changes: Partial<DownloadOptions>) => {
  const processor = await ImageProcessor.open(options(changes))
  return processor.process({ bytes, expectedHash: undefined, boxes: undefined })
}

const resize = async (bytes: Uint8Array, changes: Partial<DownloadOptions>) => {
  const result = await attempt(bytes, changes)
  if ("problem" in result) throw new Error(result.problem)
  return result
}

const pixelsOf = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer({ resolveWithObject: true })

describe("sizes", () => {
  it("are those of img2dataset", () => {
    const size = (width: number, height: number, changes: Partial<DownloadOptions>) => {
      const { width: w, height: h } = fittedSize(
        { width, height },
        fitting({ width, height }, options(changes)),
      )
      return [w, h]
    }
    const keep = { resizeMode: "keep_ratio", imageSize: 256 } as const
    // Measured on img2dataset itself.
    assert.deepStrictEqual(size(514, 392, keep), [336, 256])
    assert.deepStrictEqual(size(605, 415, keep), [373, 256])
    assert.deepStrictEqual(size(601, 347, keep), [443, 256])
    assert.deepStrictEqual(size(400, 300, keep), [341, 256])
    assert.deepStrictEqual(size(514, 392, { ...keep, resizeMode: "keep_ratio_largest" }), [256, 195])
    assert.deepStrictEqual(size(100, 90, { ...keep, resizeOnlyIfBigger: true }), [100, 90])
    assert.deepStrictEqual(size(100, 90, { ...keep, resizeMode: "no" }), [100, 90])
  })

  it("are square for center_crop and border, and keep the other side's share otherwise", () => {
    const side = fc.integer({ min: 1, max: 5000 })
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 1024 }), (width, height, imageSize) => {
        const fit = (resizeMode: DownloadOptions["resizeMode"]) =>
          fittedSize({ width, height }, fitting({ width, height }, options({ resizeMode, imageSize })))
        const square = { width: imageSize, height: imageSize }
        assert.deepStrictEqual(fit("center_crop"), square)
        assert.deepStrictEqual(fit("border"), square)
        const shorter = fit("keep_ratio")
        assert.strictEqual(Math.min(shorter.width, shorter.height), imageSize)
        const longer = fit("keep_ratio_largest")
        assert.strictEqual(Math.max(longer.width, longer.height), imageSize)
        assert.isAtLeast(Math.min(longer.width, longer.height), 1)
      }),
    )
  })
})

describe("images", () => {
  it("are resized, cut and padded white, in every format", async () => {
    const wide = await picture(200, 100)
    for (const encodeFormat of ["jpg", "png", "webp"] as const) {
      const { bytes, size, original } = await resize(wide, { resizeMode: "border", encodeFormat })
      assert.deepStrictEqual(
        [size, original],
        [
          { width: 64, height: 64 },
          { width: 200, height: 100 },
        ],
      )
      const { data, info } = await pixelsOf(bytes)
      assert.deepStrictEqual([info.width, info.height, info.channels], [64, 64, 3])
      assert.isAbove(Math.min(...data.subarray(0, 64 * 3)), 240)
    }
    const square = await resize(wide, { resizeMode: "center_crop" })
    assert.deepStrictEqual((await pixelsOf(square.bytes)).info.width, 64)
  })

  it("lose transparency to white, and stay grey when they are", async () => {
    const clear = sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
    const flat = await resize(await clear.png().toBuffer(), { resizeMode: "no", encodeFormat: "png" })
    assert.deepStrictEqual([...(await pixelsOf(flat.bytes)).data.subarray(0, 3)], [255, 255, 255])
    const grey = await sharp(await picture(50, 40))
      .greyscale()
      .toColourspace("b-w")
      .png()
      .toBuffer()
    const kept = await resize(grey, { resizeMode: "no", encodeFormat: "png" })
    assert.strictEqual((await sharp(kept.bytes).metadata()).channels, 1)
  })

  it("are not turned by their orientation tag", async () => {
    const turned = await sharp(await picture(80, 40))
      .withMetadata({ orientation: 6 })
      .toBuffer()
    const { bytes, exif } = await resize(turned, { resizeMode: "no" })
    const about = await sharp(bytes).metadata()
    assert.deepStrictEqual([about.width, about.height, about.orientation], [80, 40, undefined])
    assert.include(exif ?? "", '"Image Orientation": "Rotated 90 CW"')
  })

  it("keep their bytes where asked", async () => {
    const jpg = await picture(40, 40)
    const png = await picture(40, 40, "png")
    const keep = { resizeMode: "no", skipReencode: true } as const
    assert.deepStrictEqual(Buffer.from((await resize(jpg, keep)).bytes), jpg)
    assert.notDeepEqual(Buffer.from((await resize(png, keep)).bytes), png)
    assert.notDeepEqual(Buffer.from((await resize(jpg, { ...keep, resizeMode: "border" })).bytes), jpg)
    const anything = Buffer.from("anything")
    const untouched = await resize(anything, { disableAllReencoding: true })
    assert.deepStrictEqual(Buffer.from(untouched.bytes), anything)
    assert.isUndefined(untouched.size)
  })

  it("that would unfold to far too many pixels are refused before decoding", async () => {
    const header = Buffer.from(await picture(8, 8, "png"))
    header.writeUInt32BE(60_000, 16)
    header.writeUInt32BE(60_000, 20)
    const result = await attempt(header, {})
    assert.strictEqual("status" in result ? result.status : "success", "failed_to_resize")
  })
})

describe("EXIF tags", () => {
  it("have exifread's names and values", async () => {
    const bytes = await sharp(await picture(16, 16))
      .withExif({
        IFD0: { Make: "Koeln", Copyright: 'a "b": c' },
        IFD2: { ExposureTime: "10/600", FNumber: "28/10", DateTimeOriginal: "2026:01:02 03:04:05" },
        IFD3: { GPSLatitudeRef: "N", GPSLatitude: "51/1 30/1 3230/100" },
      })
      .toBuffer()
    const tags: Record<string, string> = JSON.parse(readExif(bytes, "jpg"))
    assert.strictEqual(tags["Image Make"], "Koeln")
    assert.strictEqual(tags["Image Copyright"], 'a "b": c')
    assert.strictEqual(tags["EXIF ExposureTime"], "1/60")
    assert.strictEqual(tags["EXIF FNumber"], "14/5")
    assert.strictEqual(tags["GPS GPSLatitude"], "[51, 30, 323/10]")
    // One directory with one entry: tag, type ASCII, four bytes, in place.
    const tiff = Buffer.concat([
      Buffer.from("II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0", "latin1"),
      Buffer.from("Kö\0"),
    ])
    assert.strictEqual(readExif(tiff, "tiff"), '{"Image Make": "K\\u00f6"}')
  })

  it("that are damaged are none", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom("jpg", "png", "webp", "tiff"),
        (noise, type) => {
          const prefix =
            type === "tiff" ? Buffer.from("II*\0\x08\0\0\0", "latin1") : Buffer.from([0xff, 0xd8, 0xff, 0xe1])
          const tags: object = JSON.parse(readExif(Buffer.concat([prefix, noise]), type))
          assert.isObject(tags)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe("keys", () => {
  it("are padded as by img2dataset", () => {
    const key = (shard: number, index: number, numberSamplePerShard: number, oomShardCount = 5) =>
      sampleKey(shard, index, options({ numberSamplePerShard, oomShardCount }))
    assert.strictEqual(key(0, 0, 10_000), "000000000")
    assert.strictEqual(key(3, 17, 1000), "00003017")
    assert.strictEqual(key(0, 499, 500), "00000499")
    assert.strictEqual(key(2, 9, 10), "000029")
    assert.strictEqual(key(0, 4, 10, 3), "0004")
    assert.strictEqual(key(7, 0, 1), "00007")
    assert.strictEqual(shardName(12, options({ oomShardCount: 3 })), "012")
  })

  it("order as their samples do", () => {
    const place = fc.nat({ max: 5_000_000 })
    fc.assert(
      fc.property(place, place, fc.integer({ min: 1, max: 20_000 }), (a, b, numberSamplePerShard) => {
        const key = (at: number) =>
          sampleKey(
            Math.floor(at / numberSamplePerShard),
            at % numberSamplePerShard,
            options({ numberSamplePerShard, oomShardCount: 7 }),
          )
        assert.strictEqual(Math.sign(a - b), key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
      }),
    )
  })
})
