import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Filter, type Picture, resizePicture } from "./index.ts"

// Made by test/reference/resizing.py: digests of what Pillow makes of images of random sizes.
type Case = readonly [number, number, number, number, "RGB" | "CMYK" | "RGBA" | "I;16", Filter, string]
const { pillow }: { readonly pillow: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../test/fixtures/pictures/resizing.json"), "utf8"),
)

/** Values by the script's formula. */
const fill = <Values extends Uint8Array | Uint16Array>(values: Values, modulus: number): Values => {
  for (let i = 0; i < values.length; i++)
    values[i] = (7919 * i + 31 * i * i + Math.floor((i * i) / 97)) % modulus
  return values
}

const pictureOf = (width: number, height: number, mode: Case[4]): Picture => {
  const length = width * height
  if (mode === "I;16") return { mode, width, height, data: fill(new Uint16Array(length), 65_536) }
  const bands = mode === "RGB" ? 3 : 4
  return { mode, width, height, data: fill(new Uint8Array(bands * length), 256) }
}

const bytesOf = ({ data }: Picture): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

describe("resizePicture", () => {
  it("gives Pillow's very bytes at 400 random sizes", () => {
    const wrong = pillow.filter(([fromWidth, fromHeight, width, height, mode, filter, digest]) => {
      const resized = resizePicture(pictureOf(fromWidth, fromHeight, mode), { width, height, filter })
      return createHash("sha256").update(bytesOf(resized)).digest("hex") !== digest
    })
    expect(wrong.map((each) => each.slice(0, 6))).toEqual([])
    expect(pillow).toHaveLength(400)
  })

  const modes = fc.constantFrom("RGB", "P", "CMYK", "RGBA", "I;16")
  const sizes = fc.integer({ min: 1, max: 40 })
  it("makes a part as it is in the whole", () => {
    fc.assert(
      fc.property(
        modes,
        fc.tuple(sizes, sizes, sizes, sizes),
        fc.tuple(sizes, sizes),
        (mode, size, corner) => {
          const [fromWidth, fromHeight, width, height] = size
          const picture: Picture =
            mode === "P"
              ? {
                  mode,
                  width: fromWidth,
                  height: fromHeight,
                  data: fill(new Uint8Array(3 * fromWidth * fromHeight), 256),
                }
              : pictureOf(fromWidth, fromHeight, mode)
          const [left, top] = [corner[0] % width, corner[1] % height]
          const window = { left, top, width: width - left, height: height - top }
          const whole = resizePicture(picture, { width, height })
          const part = resizePicture(picture, { width, height, window })
          const values = whole.data.length / width / height
          const expected = Array.from({ length: window.height }, (_, row) => {
            const start = ((top + row) * width + left) * values
            return [...whole.data.subarray(start, start + window.width * values)]
          })
          expect([...part.data]).toEqual(expected.flat())
        },
      ),
    )
  })
})
