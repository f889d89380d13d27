import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../../randomness/index.ts"
import { loadBackend, Parameters } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { type Draw, drawAt } from "./draws.ts"
import { expectClose, partsWith, referenceModel, SGD, TRACE_OPTIONS } from "./fixtures/reference-model.ts"
import { withinBudget } from "./memory-budget.ts"
import { drawTensors, lossesOfDraws, microBatchOf } from "./noise-loss.ts"
import type { DivaOptions } from "./options.ts"
import { backward } from "./step.ts"

const [backend = "cpu"] = await availableBackends()

const numbers = (name: string, ...shape: ReadonlyArray<number>) =>
  tf.tensor(RandomStream.named(1, name).normals(shape.reduce((product, size) => product * size, 1)), [
    ...shape,
  ])

const start = async (parts: DivaOptions["parts"] = partsWith(SGD)) => {
  const projector = Parameters.of(
    new Map([
      ["weight", tf.mul(numbers("weight", 48, 48), 0.1)],
      ["bias", numbers("bias", 48)],
    ]),
  )
  const design = { "class-token": true, patches: { random: 76 }, text: "add" } as const
  const options = { ...TRACE_OPTIONS, parts }
  const made = await referenceModel({ clip: "clip-openai", design, projector, options }, () => ({
    states: tf.reshape<tf.Rank.R3>(numbers("text", 1, 77, 48), [1, 77, 48]),
  }))
  const crops = tf.reshape<tf.Rank.R4>(numbers("crops", 2, 64, 64, 3), [2, 64, 64, 3])
  const views = microBatchOf(made.model, crops, { generative: "original" })
  const sizes = { timesteps: 1000, latent: views.latents.shape.slice(1) }
  const draws = [0, 1].map((draw) =>
    drawAt(made.model.condition, 1, { step: 0, first: 0, count: 2 }, draw, sizes),
  )
  return { ...made, crops, views, draws }
}

/** The kernels that a computation ran, by name. */
const kernelsOf = async (compute: () => ReadonlyMap<string, tf.Tensor>) => {
  const { kernels } = await tf.profile(() => {
    const gradients = compute()
    tf.dispose([...gradients.values()])
    return []
  })
  const counts = new Map<string, number>()
  for (const { name } of kernels) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

describe(`what a step saves, on ${backend}`, () => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  it("draws that share a pass through CLIP have the gradients of separate passes", async () => {
    const { model, trainable, views, draws } = await start()
    const names = trainable.names()
    const how = { names, loss: "mse", checkpoints: false } as const
    const together = backward(model, trainable, views, draws, { ...how, weights: [1, 0.2] })
    const apart = draws.map((draw, index) =>
      backward(model, trainable, views, [draw], { ...how, weights: [[1, 0.2][index] ?? 0] }),
    )
    expect(together.losses).toEqual(apart.map(({ losses: [loss = 0] }) => expect.closeTo(loss, 5)))
    for (const name of names) {
      const [one, other] = apart.map(({ gradients }) => gradients.get(name))
      if (one === undefined || other === undefined) throw new Error(name)
      expectClose(together.gradients.get(name) ?? one, tf.add(one, other), 1e-3, 1e-5)
    }
  })

  it("no filter of a frozen UNet gets a gradient", async () => {
    const filters = async (parts: DivaOptions["parts"]) => {
      const { model, trainable, views, draws } = await start(parts)
      const how = { names: trainable.names(), weights: [1, 1], loss: "mse", checkpoints: false } as const
      const counts = await kernelsOf(() => backward(model, trainable, views, draws, how).gradients)
      return counts.get("Conv2DBackpropFilter") ?? 0
    }
    const none = { train: [], optimiser: SGD }
    const projector = { train: ["visual_proj.**"], optimiser: SGD }
    expect(await filters({ clip: none, projector, denoiser: none })).toBe(0)
    // That of CLIP's first layer.
    expect(await filters(partsWith(SGD))).toBeLessThanOrEqual(1)
    const denoiser = { train: ["unet.conv_out.weight"], optimiser: SGD }
    // One for each draw.
    expect(await filters({ clip: none, projector, denoiser })).toBe(2)
  })

  it("a second draw takes hardly any more memory", async () => {
    const { model, trainable, views, draws } = await start()
    const peak = async (some: ReadonlyArray<Draw>) => {
      const how = {
        names: trainable.names(),
        weights: some.map(() => 1),
        loss: "mse",
        checkpoints: false,
      } as const
      const gradients = () => [...backward(model, trainable, views, some, how).gradients.values()]
      const before = tf.memory().numBytes
      return (await tf.profile(gradients)).peakBytes - before
    }
    const one = await peak(draws.slice(0, 1))
    expect(await peak(draws)).toBeLessThan(1.1 * one)
  })

  it("activations that are computed twice give the same gradients, with fewer tensors at once", async () => {
    const { model, trainable, views, draws } = await start()
    const names = trainable.names()
    const gradients = (checkpoints: boolean) =>
      backward(model, trainable, views, draws, { names, weights: [1, 0.2], loss: "mse", checkpoints })
    const peak = async (checkpoints: boolean) => {
      const before = tf.memory().numBytes
      return (await tf.profile(() => [...gradients(checkpoints).gradients.values()])).peakBytes - before
    }
    const [kept, twice] = [gradients(false), gradients(true)]
    expect(twice.losses).toEqual(kept.losses)
    for (const name of names) {
      const gradient = kept.gradients.get(name)
      if (gradient === undefined) throw new Error(name)
      expectClose(twice.gradients.get(name) ?? tf.scalar(Number.NaN), gradient, 1e-3, 1e-6)
    }
    expect(await peak(true)).toBeLessThan(0.8 * (await peak(false)))
  })

  it("known latents take the place of the autoencoder", async () => {
    const { model, crops, views, draws } = await start()
    const known = microBatchOf(model, crops, { generative: "original", latents: views.latents })
    const losses = (batch: typeof views, some: ReadonlyArray<Draw>) =>
      lossesOfDraws(
        model,
        batch,
        some.map((draw) => drawTensors(model, draw, batch.latents.shape)),
        { loss: "mse", trained: [] },
      ).dataSync()
    expect(losses(known, draws)).toEqual(losses(views, draws))
  })

  it("an image's random numbers don't depend on how a step is divided", async () => {
    const { model, views } = await start()
    const sizes = { timesteps: 1000, latent: views.latents.shape.slice(1) }
    const at = (first: number, count: number) =>
      drawAt(model.condition, 7, { step: 3, first, count }, 1, sizes)
    const [whole, parts] = [at(0, 4), [at(0, 1), at(1, 3)]]
    for (const kind of ["timesteps", "noise", "patches"] as const)
      expect([...whole[kind]]).toEqual(parts.flatMap((part) => [...part[kind]]))
    expect(at(0, 1).timesteps).not.toEqual(at(1, 1).timesteps)
  })

  it("as many images are computed at once as memory allows", async () => {
    const takes = {
      peakBytes: async (count: number, checkpoints: boolean) =>
        (checkpoints ? 80 + 10 * count : 100 + 30 * count) * 2 ** 20,
    }
    const within = (budget: number | undefined, batch = 16) =>
      withinBudget({ ...TRACE_OPTIONS, batch, imagesAtOnce: 5 }, budget, takes, () => undefined)
    expect((await within(undefined)).imagesAtOnce).toBe(5)
    expect((await within(130)).imagesAtOnce).toBe(1)
    expect((await within(219)).imagesAtOnce).toBe(3)
    expect((await within(220)).imagesAtOnce).toBe(4)
    expect((await within(10_000)).imagesAtOnce).toBe(16)
    expect((await within(130)).checkpoints).toBe(false)
    expect(await within(129)).toMatchObject({ checkpoints: true, imagesAtOnce: 4 })
    await expect(within(89)).rejects.toThrow(/one image at a time takes 90 MB/)
  })
})
