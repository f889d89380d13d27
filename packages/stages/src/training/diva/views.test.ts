import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { availableBackends, loadBackend } from "../../tensor/index.ts"
import { discriminativeView } from "./views.ts"

const file = join(import.meta.dirname, "../../../../../test/fixtures/pictures/resizing.json")

// Made by test/reference/resizing.py: torch's bilinear interpolation without antialias.
type Case = readonly [width: number, height: number, size: number, values: ReadonlyArray<number>]
const { torch }: { readonly torch: ReadonlyArray<Case> } = JSON.parse(readFileSync(file, "utf8"))

/** The image of the script's formula, its values divided by 255. */
const imageOf = (width: number, height: number): tf.Tensor4D => {
  const values = Float32Array.from(
    { length: 3 * width * height },
    (_, i) => ((7919 * i + 31 * i * i + Math.floor((i * i) / 97)) % 256) / 255,
  )
  return tf.tensor4d(values, [1, height, width, 3])
}

describe.each(await availableBackends())("discriminativeView on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  it.each(torch)("is torch's bilinear without antialias: %i×%i to %i", (width, height, size, expected) => {
    const values = tf.tidy(() => discriminativeView(imageOf(width, height), size)).dataSync()
    const apart = expected.map((value, at) => Math.abs(value - (values[at] ?? Number.NaN)))
    expect(values).toHaveLength(expected.length)
    expect(Math.max(...apart)).toBeLessThan(2e-6)
  })
})
