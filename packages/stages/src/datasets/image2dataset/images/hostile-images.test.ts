import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import sharp from "sharp"
import { options, picture } from "../fixtures/job.ts"
import type { DownloadOptions } from "../options.ts"
import { ImageProcessor } from "./image-processor.ts"
import { Resampler } from "./resampler.ts"
import { type Interpolation, makeTaps, type TapKind } from "./taps.ts"

const make = async (bytes: Uint8Array, changes: Partial<DownloadOptions> = {}) => {
  const processor = await ImageProcessor.open(options({ resizeMode: "no", ...changes }))
  const result = await processor.process({
    bytes: Uint8Array.from(bytes),
    expectedHash: undefined,
    boxes: undefined,
  })
  if ("problem" in result) return result.problem
  const { width, height, channels, format } = await sharp(result.bytes).metadata()
  return { width, height, channels, format }
}

const broken = "Image decoding error"

describe("hostile images", () => {
  it("are refused when they end early, wherever that is", async () => {
    const whole = await picture(60, 40)
    const png = await picture(60, 40, "png")
    const processor = await ImageProcessor.open(options({ resizeMode: "no" }))
    for (const image of [whole, png])
      for (let end = 0; end < image.length - 2; end += 1 + Math.floor(image.length / 60)) {
        const bytes = Uint8Array.from(image.subarray(0, end))
        const result = await processor.process({ bytes, expectedHash: undefined, boxes: undefined })
        assert.strictEqual("problem" in result ? result.problem : end, broken)
      }
  })

  it("of noise behind the right first bytes break nothing", async () => {
    const processor = await ImageProcessor.open(options({ imageSize: 16 }))
    const starts = ["ffd8ffe0", "89504e470d0a1a0a", "474946383961", "52494646ffff000057454250", "49492a00"]
    const image = await picture(40, 30)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 200 }),
        fc.nat({ max: image.length - 1 }),
        async (start, noise, at) => {
          const made = Buffer.concat([Buffer.from(start, "hex"), noise])
          const harmed = Uint8Array.from(image)
          harmed.set(noise.subarray(0, image.length - at), at)
          for (const bytes of [Uint8Array.from(made), harmed]) {
            const result = await processor.process({ bytes, expectedHash: undefined, boxes: undefined })
            assert.isTrue("problem" in result || result.bytes.length > 0)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it("with headers of 60 000 × 60 000 are not unfolded", async () => {
    const png = Buffer.from(await picture(8, 8, "png"))
    png.writeUInt32BE(60_000, 16)
    png.writeUInt32BE(60_000, 20)
    const jpeg = Buffer.from(await picture(8, 8))
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
    jpeg.writeUInt16BE(60_000, frame + 5)
    jpeg.writeUInt16BE(60_000, frame + 7)
    assert.strictEqual(await make(jpeg), "image area too large")
    assert.strictEqual(await make(png), broken)
  })

  it("that are programs of a sort are not images: SVG, PDF, HTML, packed bytes", async () => {
    const texts = ["<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "%PDF-1.7", "<html>"]
    texts.push("<?xml version='1.0'?><svg/>", "\u001f\u008b\b", "")
    for (const text of texts) assert.strictEqual(await make(Buffer.from(text, "latin1")), broken)
  })

  it("that are two things at once are taken for what they begin like", async () => {
    const polyglot = Buffer.concat([
      await picture(20, 10),
      Buffer.from("<script>alert(1)</script>PK\u0003\u0004"),
    ])
    assert.deepStrictEqual(await make(polyglot), { width: 20, height: 10, channels: 3, format: "jpeg" })
  })
})

describe("unusual images", () => {
  it("come through: of any format, one pixel, CMYK, 16 bits, animated, with a profile, with transparency", async () => {
    const wide = { width: 30, height: 20 }
    // No name tells what they are.
    for (const kind of ["png", "webp", "gif"] as const)
      assert.deepInclude(await make(await picture(30, 20, kind)), { ...wide, format: "jpeg" })
    const flat = { create: { ...wide, channels: 3 as const, background: "#204080" } }
    const clear = { create: { ...wide, channels: 4 as const, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } }
    const jpg = { format: "jpeg" as const, channels: 3 as const }
    assert.deepStrictEqual(await make(await picture(1, 1)), { width: 1, height: 1, ...jpg })
    const cmyk = await sharp(flat).toColourspace("cmyk").jpeg().toBuffer()
    assert.deepStrictEqual(await make(cmyk), { ...wide, ...jpg })
    const deep = await sharp(flat).toColourspace("rgb16").png().toBuffer()
    assert.deepStrictEqual(await make(deep), { ...wide, ...jpg })
    const frames = Buffer.concat([Buffer.alloc(30 * 20 * 3, 10), Buffer.alloc(30 * 20 * 3, 200)])
    const animated = await sharp(frames, {
      raw: { width: 30, height: 40, channels: 3, pageHeight: 20 },
    })
      .gif({ loop: 0 })
      .toBuffer()
    assert.deepStrictEqual(await make(animated), { ...wide, ...jpg })
    const profiled = await sharp(flat).withIccProfile("p3").jpeg().toBuffer()
    assert.deepStrictEqual(await make(profiled), { ...wide, ...jpg })
    assert.deepStrictEqual(await make(await sharp(clear).webp().toBuffer()), { ...wide, ...jpg })
  })

  it("of extreme shapes are resized to at least one pixel", async () => {
    const line = await sharp({ create: { width: 5000, height: 1, channels: 3, background: "red" } })
      .png()
      .toBuffer()
    const made = await make(line, { resizeMode: "keep_ratio_largest", imageSize: 64 })
    assert.deepStrictEqual(made, { width: 64, height: 1, channels: 3, format: "jpeg" })
    const bordered = await make(line, { resizeMode: "border", imageSize: 64 })
    assert.deepStrictEqual(bordered, { width: 64, height: 64, channels: 3, format: "jpeg" })
  })
})

describe("resampling", () => {
  const interpolation = fc.constantFrom<Interpolation>("nearest", "linear", "cubic", "area", "lanczos")
  const side = fc.integer({ min: 1, max: 400 })

  it("weighs each place with one in all, and stays within the line", () => {
    const kind = fc.oneof(interpolation, fc.constant<TapKind>("enlarged"))
    fc.assert(
      fc.property(kind, side, side, (name, from, to) => {
        fc.pre(name !== "area" || from >= to)
        const { places, weights, most } = makeTaps(name, from, to, 0, to)
        for (let at = 0; at < to; at++) {
          const [first = -1, count = 0] = places.subarray(2 * at)
          assert.isAtLeast(first, 0)
          assert.isAtMost(first + Math.max(count, most), Math.max(from, first + count))
          const own = weights.subarray(at * most, (at + 1) * most)
          assert.closeTo(
            own.reduce((sum, weight) => sum + weight, 0),
            1,
            1e-4,
          )
        }
      }),
      // The middle of a place lies less than a number's precision before the middle of a pixel.
      { examples: [["lanczos", 2, 478]] },
    )
  })

  it("leaves one colour as it is, whatever the sizes", () => {
    const resampler = new Resampler()
    fc.assert(
      fc.property(interpolation, side, side, side, side, (name, width, height, toWidth, toHeight) => {
        const room = resampler.reserve({ width, height })
        for (let at = 0; at < room.length; at++) room[at] = [7, 128, 250][at % 3] ?? 0
        const size = { width: toWidth, height: toHeight }
        const { data } = resampler.fit({ width, height }, { resize: size }, name)
        assert.strictEqual(data.length, toWidth * toHeight * 3)
        assert.isTrue(data.every((value, at) => value === [7, 128, 250][at % 3]))
      }),
      { numRuns: 50 },
    )
  })
})

describe("boxes", () => {
  it("are blurred, and nothing beyond them", async () => {
    const stripes = Buffer.alloc(100 * 100 * 3)
    for (let at = 0; at < 10_000; at++) stripes.fill((at % 100) % 4 < 2 ? 0 : 255, at * 3, at * 3 + 3)
    const image = await sharp(stripes, { raw: { width: 100, height: 100, channels: 3 } })
      .png()
      .toBuffer()
    const processor = await ImageProcessor.open(options({ resizeMode: "no", encodeFormat: "png" }))
    const result = await processor.process({
      bytes: Uint8Array.from(image),
      expectedHash: undefined,
      boxes: [[0.5, 0.5, 0.9, 0.9]],
    })
    const { data } = await sharp("problem" in result ? stripes : result.bytes)
      .raw()
      .toBuffer({ resolveWithObject: true })
    const row = (y: number, from: number, to: number) => [
      ...data.subarray((y * 100 + from) * 3, (y * 100 + to) * 3),
    ]
    assert.deepStrictEqual(row(10, 0, 100), [...stripes.subarray(3000, 3300)])
    const inside = row(70, 60, 80)
    assert.isAtMost(Math.max(...inside) - Math.min(...inside), 20)
  })
})
