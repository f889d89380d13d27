import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend, type Parameters, readParameters } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { writeTinyImages, writeTinyModel } from "./fixtures/tiny-model.ts"
import { trainInto } from "./fixtures/train-into.ts"

// The plain JavaScript backend takes minutes.
const backends = (await availableBackends()).filter((name) => name !== "cpu")

describe.runIf(backends.length > 1)("trainings on different backends", { timeout: 300_000 }, () => {
  let work: string
  let model: string
  beforeAll(async () => {
    await loadBackend()
    work = await mkdtemp(join(tmpdir(), "diva-backends-"))
    model = await writeTinyModel(work)
    await writeTinyImages(join(work, "images"), 7)
  })
  afterAll(async () => {
    delete process.env.DIVA_BACKEND
    await rm(work, { recursive: true })
  })

  const trained = async (backend: string): Promise<Parameters> => {
    process.env.DIVA_BACKEND = backend
    const folder = join(work, backend)
    const input = { folder: model, images: join(work, "images") }
    await trainInto(folder, input, { options: { steps: 20 } })
    return await readParameters(join(folder, "checkpoint/weights.safetensors"))
  }

  it("differ in last digits alone, after twenty steps", async () => {
    const [one, other] = [await trained("native"), await trained("wasm")]
    for (const [name, tensor] of one.entries()) {
      const values = other.at(name).dataSync<"float32">()
      const apart = tensor
        .dataSync<"float32">()
        .map((value, at) => Math.abs(value - (values[at] ?? Number.NaN)))
      expect(Math.max(...apart), name).toBeLessThan(2e-6)
    }
    // Were nothing trained, nothing could differ.
    const start = await readParameters(join(model, "clip/open_clip_model.safetensors"))
    const moved = one
      .at("visual.proj")
      .dataSync<"float32">()
      .map((value, at) => Math.abs(value - (start.at("visual.proj").dataSync<"float32">()[at] ?? Number.NaN)))
    expect(Math.max(...moved)).toBeGreaterThan(1e-4)
  })
})
