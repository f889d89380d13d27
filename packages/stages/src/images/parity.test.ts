import { readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import {
  crop,
  decodeImage,
  normalise,
  openImage,
  type Preprocessing,
  preprocessForClip,
  type Raster,
  resizeBicubic,
} from "./index.ts"

const folder = join(import.meta.dirname, "../../../../test/fixtures/preprocess")

interface Case {
  readonly file: string
  readonly size: readonly [number, number]
  readonly crop: {
    readonly left: number
    readonly top: number
    readonly width: number
    readonly height: number
  }
}

const cases: Readonly<Record<string, Case>> = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"))
const archive = readFileSync(join(folder, "expected.safetensors"))
const headerSize = Number(archive.readBigUInt64LE(0))
const header: Readonly<Record<string, { readonly data_offsets: readonly [number, number] }>> = JSON.parse(
  archive.toString("utf8", 8, 8 + headerSize),
)

const bytesOf = (name: string): Uint8Array => {
  const [start = 0, end = 0] = header[name]?.data_offsets ?? []
  return archive.subarray(8 + headerSize + start, 8 + headerSize + end)
}

const floatsOf = (name: string): Float32Array => new Float32Array(Uint8Array.from(bytesOf(name)).buffer)

const CLIP = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] }
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }

/** The largest difference between `[size, size, 3]` and the reference's `[3, size, size]`. */
const largestDifference = (actual: Float32Array, expected: Float32Array): number => {
  const pixels = expected.length / 3
  let largest = actual.length === expected.length ? 0 : Number.POSITIVE_INFINITY
  for (let at = 0; at < expected.length; at++) {
    const value = actual[3 * (at % pixels) + Math.floor(at / pixels)] ?? 0
    largest = Math.max(largest, Math.abs(value - (expected[at] ?? 0)))
  }
  return largest
}

describe.each(Object.entries(cases))(
  "%s, as Pillow and open_clip have it",
  (name, { file, size, crop: box }) => {
    let raster: Raster
    beforeAll(async () => {
      raster = await decodeImage(readFileSync(join(folder, "images", file)))
    })

    it("is decoded to the same bytes", () => {
      expect([raster.width, raster.height]).toEqual(size)
      expect(Buffer.compare(raster.data, bytesOf(`${name}.decoded`))).toBe(0)
    })

    const views = Object.keys(header).filter((key) => key.startsWith(`${name}.eval-`))
    it.for(views)("%s", async (view) => {
      const [, resizing, side] = /eval-(shortest|squash)-(\d+)$/.exec(view) ?? []
      const preprocessing: Preprocessing =
        resizing === "squash"
          ? { ...HALF, mode: "squash", size: Number(side) }
          : { ...CLIP, mode: "shortest", size: Number(side) }
      const picture = await openImage(readFileSync(join(folder, "images", file)))
      expect(largestDifference(preprocessForClip(picture, preprocessing), floatsOf(view))).toBeLessThan(1e-6)
    })

    it("is cropped and resized to the same bytes in training", () => {
      const cropped = resizeBicubic(crop(raster, box.left, box.top, box.width, box.height), 64, 64)
      expect(Buffer.compare(cropped.data, bytesOf(`${name}.train-crop-64`))).toBe(0)
    })
  },
)

it("normalises level by level", () => {
  const raster = { width: 1, height: 1, data: Uint8Array.of(0, 127, 255) }
  const [red = 0, green = 0, blue = 0] = normalise(raster, HALF.mean, HALF.std)
  expect([red, blue]).toEqual([-1, 1])
  expect(green).toBeCloseTo(127 / 127.5 - 1, 6)
})
