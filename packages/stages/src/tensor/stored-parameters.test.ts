import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readSafetensors } from "../formats/index.ts"
import { loadBackend, Parameters, readParameters, writeParameters } from "./index.ts"

const fixture = join(import.meta.dirname, "../../../../test/fixtures/clip-openai/open_clip.safetensors")

await loadBackend()

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "parameters-"))
})
afterAll(async () => {
  await rm(work, { recursive: true })
})

describe("Parameters", () => {
  const one = tf.scalar(1)
  const parameters = Parameters.of(
    new Map([
      ["b.c.d", one],
      ["b.a", one],
      ["bc", one],
    ]),
  )

  it("views what is below a prefix", () => {
    expect(parameters.names()).toEqual(["b.a", "b.c.d", "bc"])
    expect(parameters.within("b").names()).toEqual(["a", "c.d"])
    expect(parameters.within("b").within("c.").at("d")).toBe(one)
    expect(parameters.within("b").has("bc")).toBe(false)
  })

  it("names the whole of what is missing", () => {
    expect(() => parameters.within("b").at("x")).toThrow(/"b\.x"/)
  })
})

describe("readParameters and writeParameters", () => {
  it("hold kernels as TensorFlow does, write them as PyTorch does, and leave no tensor", async () => {
    const before = tf.memory().numTensors
    const parameters = await readParameters(fixture)
    const kernel = parameters.at("visual.conv1.weight")
    expect(kernel.shape).toEqual([8, 8, 3, 64])
    const stored = (await readSafetensors(fixture)).get("visual.conv1.weight")
    // [out, in, height, width] at (5, 2, 3, 4)
    expect(kernel.bufferSync().get(3, 4, 2, 5)).toBe(stored?.data[((5 * 3 + 2) * 8 + 3) * 8 + 4])
    const file = join(work, "copy.safetensors")
    await writeParameters(file, parameters, { dtype: "F32" })
    parameters.dispose()
    expect(tf.memory().numTensors).toBe(before)
    expect(await readSafetensors(file)).toEqual(await readSafetensors(fixture))
  })

  it("round to half precision once", async () => {
    const [first, second] = [join(work, "first"), join(work, "second")]
    await writeParameters(first, await readParameters(fixture), { dtype: "F16" })
    await writeParameters(second, await readParameters(first), { dtype: "F16", metadata: {} })
    expect(await readFile(second)).toEqual(await readFile(first))
  })
})
