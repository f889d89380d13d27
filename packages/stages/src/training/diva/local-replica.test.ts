import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../../randomness/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { expectClose } from "./fixtures/reference-model.ts"
import { TINY_OPTIONS, writeTinyModel } from "./fixtures/tiny-model.ts"
import { localSum } from "./gradient-sum.ts"
import { loadTrainingModel } from "./load-model.ts"
import { LocalReplica, UNITS_WORTH_RECORDING } from "./local-replica.ts"

const [backend = "cpu"] = await availableBackends()

describe(`a replica on ${backend}`, () => {
  let work: string

  beforeAll(async () => {
    await loadBackend(backend)
    work = await mkdtemp(join(tmpdir(), "diva-replica-"))
    await writeTinyModel(work)
  })
  afterAll(() => rm(work, { recursive: true }))

  /** Losses and gradients of some steps of a training of that many; the weights stay as they are. */
  const stepsOf = async (steps: number) => {
    const options = { ...TINY_OPTIONS, steps, batch: 2, imagesAtOnce: 2, accumulation: 1, projectorWarmup: 1 }
    const loaded = await loadTrainingModel(join(work, "model"), options)
    const sum = localSum()
    const replica = new LocalReplica(loaded, options, sum)
    const results = []
    for (const step of [0, 1, 2, 3]) {
      const crops = RandomStream.named(step, "crops").normals(2 * 16 * 16 * 3)
      const losses = await replica.backward({ step, first: 0, count: 2, crops, checkpoints: false })
      await replica.add(true)
      results.push({ losses, gradients: sum.take([]) })
    }
    return { replica, results }
  }

  it("computes the same in long trainings, whose steps are recorded, as in short ones", async () => {
    const short = await stepsOf(UNITS_WORTH_RECORDING - 2)
    const long = await stepsOf(UNITS_WORTH_RECORDING)
    for (const [step, { losses, gradients }] of long.results.entries()) {
      const expected = short.results[step]
      expect(losses).toEqual(expected?.losses.map((loss) => expect.closeTo(loss, 5)))
      expect([...gradients.keys()]).toEqual([...(expected?.gradients.keys() ?? [])])
      for (const [name, gradient] of gradients)
        expectClose(gradient, expected?.gradients.get(name) ?? tf.scalar(Number.NaN), 1e-3, 1e-6)
    }
    // The layer that warms up in the first step is trained alone there.
    const counts = long.results.map(({ gradients }) => gradients.size)
    expect(counts[0]).toBeLessThan(counts[1] ?? 0)
    expect(counts[1]).toBe(counts[3])
    await short.replica.dispose()
    await long.replica.dispose()
  })
})
