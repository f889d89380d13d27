import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { tapsFor } from "../taps.ts"
import { type Bytes, resample } from "./resample.ts"

const images: fc.Arbitrary<Bytes> = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 12 }),
    bands: fc.constantFrom(1, 2, 3, 4),
  })
  .chain(({ width, height, bands }) =>
    fc
      .uint8Array({ minLength: width * height * bands, maxLength: width * height * bands })
      .map((data) => ({ data, width, height, bands })),
  )

/** The same sums, one after another. */
const slowly = (image: Bytes, to: number, filter: "bicubic" | "bilinear", along: "rows" | "columns") => {
  const { bands } = image
  const across = along === "rows"
  const [width, height] = across ? [to, image.height] : [image.width, to]
  const taps = tapsFor(across ? image.width : image.height, to, filter, 0, to)
  const at = (x: number, y: number, band: number) => image.data[(y * image.width + x) * bands + band] ?? 0
  return Uint8Array.from({ length: width * height * bands }, (_, index) => {
    const band = index % bands
    const x = Math.floor(index / bands) % width
    const y = Math.floor(index / bands / width)
    const target = across ? x : y
    let sum = 1 << 21
    for (let tap = 0; tap < (taps.counts[target] ?? 0); tap++) {
      const source = (taps.first[target] ?? 0) + tap
      const weight = taps.weights[target * taps.most + tap] ?? 0
      const rounded = Math.trunc(weight * (1 << 22) + (weight < 0 ? -0.5 : 0.5))
      sum += rounded * (across ? at(source, y, band) : at(x, source, band))
    }
    return Math.max(0, Math.min(255, sum >> 22))
  })
}

const whole = ({ width, height }: Bytes) => ({ left: 0, top: 0, width, height })

describe("resample", () => {
  const filters = fc.constantFrom("bicubic", "bilinear")
  const sizes = fc.integer({ min: 1, max: 50 })

  it("gives the weighted sums of rows", () => {
    fc.assert(
      fc.property(images, sizes, filters, (image, to, filter) => {
        const result = resample(image, whole(image), [
          { along: "rows", taps: tapsFor(image.width, to, filter, 0, to) },
        ])
        expect(result.data).toEqual(slowly(image, to, filter, "rows"))
      }),
    )
  })

  it("gives the weighted sums of columns", () => {
    fc.assert(
      fc.property(images, sizes, filters, (image, to, filter) => {
        const result = resample(image, whole(image), [
          { along: "columns", taps: tapsFor(image.height, to, filter, 0, to) },
        ])
        expect(result.data).toEqual(slowly(image, to, filter, "columns"))
      }),
    )
  })

  it("takes images larger than the memory that it keeps", () => {
    const image = { data: new Uint8Array(3 * 6000 * 3000).fill(77), width: 6000, height: 3000, bands: 3 }
    const { data } = resample(image, whole(image), [
      { along: "columns", taps: tapsFor(3000, 2, "bilinear", 0, 2) },
    ])
    expect(data).toEqual(new Uint8Array(3 * 6000 * 2).fill(77))
  })
})
