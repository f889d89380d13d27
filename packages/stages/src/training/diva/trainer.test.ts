import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StageFailure } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadClip } from "../../models/clip/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { partsWith, SGD } from "./fixtures/reference-model.ts"
import { TINY_OPTIONS, TINY_WORK, writeTinyImages, writeTinyModel } from "./fixtures/tiny-model.ts"
import { trainInto } from "./fixtures/train-into.ts"
import type { DivaOptions, PicturePlan, TrainerContext, WorkOptions } from "./index.ts"

const RESULTS = [
  "weights/open_clip_model.safetensors",
  "weights/visual_proj.safetensors",
  "weights/condition.json",
  "log",
  "metrics",
  "checkpoint/weights.safetensors",
  "checkpoint/optimiser.safetensors",
  "checkpoint/state.json",
]

const readPngSize = (png: Buffer) => [png.readUInt32BE(16), png.readUInt32BE(20)]

/** The defaults, with what of them is given otherwise. */
const pick = <A extends object>(defaults: A, given: Partial<A>): A => {
  const known = Object.entries(given).filter(([name]) => name in defaults)
  return Object.assign({ ...defaults }, Object.fromEntries(known))
}

// What differs between backends are last digits: the fastest one is enough for all but the sameness of bytes. Plain
// JavaScript takes ten times as long as the others; its operations have tests of their own.
const backends = (await availableBackends()).filter((backend) => backend !== "cpu")

describe.each(backends)("training on %s", { timeout: 300_000 }, (backend) => {
  let work: string
  let model: string
  let images: string
  let runs = 0

  beforeAll(async () => {
    process.env.DIVA_BACKEND = backend
    await loadBackend(backend)
    work = await mkdtemp(join(tmpdir(), "diva-train-"))
    model = await writeTinyModel(work)
    images = join(work, "images")
    await writeTinyImages(images, 7)
  })
  afterAll(async () => {
    delete process.env.DIVA_BACKEND
    await rm(work, { recursive: true })
  })

  const newRun = async () => {
    const folder = join(work, `run-${runs++}`)
    await mkdir(folder)
    return folder
  }

  /** Trains into a folder of a run; a failure comes back as a value. */
  const train = (
    folder: string,
    options: Partial<DivaOptions & WorkOptions & Pick<PicturePlan, "count">> = {},
    context: Partial<TrainerContext> = {},
  ): Promise<unknown> => {
    const plan = {
      work: pick(TINY_WORK, options),
      pictures: { count: options.count ?? 0, steps: 2 },
    }
    return trainInto(
      folder,
      { folder: model, images },
      { options: pick(TINY_OPTIONS, options), plan, context },
    ).then(
      () => undefined,
      (error: unknown) => error,
    )
  }

  let plainRun: Promise<string> | undefined
  /** A training by the tiny options that several tests look at. */
  const plain = (): Promise<string> => {
    plainRun ??= newRun().then(async (folder) => {
      expect(await train(folder)).toBeUndefined()
      return folder
    })
    return plainRun
  }

  const results = async (folder: string) =>
    await Promise.all(RESULTS.map(async (name) => (await readFile(join(folder, name))).toString("base64")))

  const losses = async (run: string) =>
    (await readFile(join(run, "log"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).loss)

  it("gives the same bytes again, and other ones for another seed", async () => {
    const [one, again, other] = [await plain(), await newRun(), await newRun()]
    await train(again)
    await train(other, { seed: 43 })
    expect(await results(again)).toEqual(await results(one))
    expect((await results(other))[0]).not.toEqual((await results(one))[0])
  })

  if (backend !== backends[0]) return

  it("continues after a stop in any step with the same result", async () => {
    const options = { projectorWarmup: 1, steps: 2, checkpointEvery: 1 }
    const [whole, parts] = [await newRun(), await newRun()]
    await train(whole, options)
    // The first one ends a phase.
    for (const stop of [1, 2]) {
      const controller = new AbortController()
      const progress: TrainerContext["progress"] = ({ done }) => {
        if (done === stop) controller.abort()
      }
      const { signal } = controller
      expect(await train(parts, options, { signal, progress })).toBeInstanceOf(Error)
      await expect(readFile(join(parts, "log"))).rejects.toThrow()
    }
    const said: Array<string> = []
    expect(await train(parts, options, { log: (_, message) => said.push(message) })).toBeUndefined()
    expect(said.join()).toContain("continuing after step 2")
    expect(await results(parts)).toEqual(await results(whole))
  })

  it("starts anew from a damaged checkpoint, and says so", async () => {
    const [whole, halves] = [await plain(), await newRun()]
    const controller = new AbortController()
    await train(
      halves,
      {},
      { signal: controller.signal, progress: ({ done }) => done === 3 && controller.abort() },
    )
    const checkpoint = "step-000000002"
    await truncate(join(halves, "task", checkpoint, "weights.safetensors"), 1000)
    const warnings: Array<string> = []
    const log: TrainerContext["log"] = (level, message) => level === "warning" && warnings.push(message)
    expect(await train(halves, {}, { log })).toBeUndefined()
    expect(warnings.join()).toMatch(/checkpoint step-000000002 is not used/)
    expect(await results(halves)).toEqual(await results(whole))
  })

  it("changes the image tower and the new layer, and nothing else", async () => {
    const run = await plain()
    const [before, after] = [await loadClip(join(model, "clip")), await loadClip(join(run, "weights"))]
    const changed = before.parameters
      .names()
      .filter(
        (name) =>
          String(before.parameters.at(name).dataSync()) !== String(after.parameters.at(name).dataSync()),
      )
    expect(changed).toContain("visual.conv1.weight")
    expect(changed.filter((name) => !name.startsWith("visual."))).toEqual([])
    const projector = "visual_proj.safetensors"
    expect(await readFile(join(run, "weights", projector))).not.toEqual(
      await readFile(join(model, projector)),
    )
    before.dispose()
    after.dispose()
  })

  it("merges low-rank factors into the matrices that they belong to, and changes no other", async () => {
    const run = await newRun()
    const { projector, denoiser } = TINY_OPTIONS.parts
    const parts = { clip: { ...denoiser, train: [] }, projector, denoiser }
    const lowRank = { rank: 2, alpha: 8, weights: ["visual.**.mlp.c_fc.weight"] }
    expect(await train(run, { parts, lowRank, steps: 2 })).toBeUndefined()
    const [before, after] = [await loadClip(join(model, "clip")), await loadClip(join(run, "weights"))]
    const changed = before.parameters
      .names()
      .filter(
        (name) =>
          String(before.parameters.at(name).dataSync()) !== String(after.parameters.at(name).dataSync()),
      )
    expect(changed).toEqual(["visual.transformer.resblocks.0.mlp.c_fc.weight"])
    before.dispose()
    after.dispose()
  })

  it("trains visual_proj alone while it warms up", async () => {
    const run = await newRun()
    // With a learning rate of nearly nothing afterwards, what has changed was changed by the warm-up.
    await train(run, { projectorWarmup: 2, steps: 1, warmup: 1 })
    const [before, after] = [await loadClip(join(model, "clip")), await loadClip(join(run, "weights"))]
    for (const [name, tensor] of before.parameters.entries()) {
      expect(after.parameters.at(name).dataSync()).toEqual(tensor.dataSync())
    }
    const lines = (await readFile(join(run, "log"), "utf8")).trim().split("\n")
    expect(lines.map((line) => JSON.parse(line).phase)).toEqual(["projector", "projector", "all"])
    before.dispose()
    after.dispose()
  })

  it("computes the same whatever number of images it computes at once", async () => {
    const parts = await newRun()
    await train(parts, { imagesAtOnce: 3 })
    const expected = await losses(await plain())
    for (const [step, loss] of (await losses(parts)).entries()) expect(loss).toBeCloseTo(expected[step], 4)
  })

  it("leaves a card, a page with pictures, and events", async () => {
    const run = await newRun()
    expect(await train(run, { count: 3 })).toBeUndefined()
    const sizes = async (name: string) => readPngSize(await readFile(join(run, "progress", name)))
    for (const name of ["shown.png", "before.png", "after.png"]) expect(await sizes(name)).toEqual([48, 16])
    const picture = (name: string) => readFile(join(run, "progress", name))
    expect(await picture("after.png")).not.toEqual(await picture("before.png"))
    const card = await readFile(join(run, "weights/README.md"), "utf8")
    expect(card).toContain("| images a step | 6 |")
    expect(card).toMatch(/\| seed \| 42 \|/)
    expect(card).toMatch(/\| diva-pipeline \| \d+\.\d+\.\d+ \|/)
    expect(card).toMatch(/SHA-256 of names and contents\) \| [0-9a-f]{64} \|/)
    expect(await readFile(join(run, "progress/index.html"), "utf8")).toContain("5 of 5 steps")
    expect((await readdir(join(run, "progress"))).join()).toMatch(/events\.out\.tfevents/)
  })

  it("computes as many images at once as a budget of memory has room for", async () => {
    const within = async (memoryBudget: number) => {
      const said: Array<string> = []
      const run = await newRun()
      const plan = { work: { ...TINY_WORK, memoryBudget } }
      const context = { log: (_: string, message: string) => said.push(message) }
      await trainInto(run, { folder: model, images }, { options: { steps: 1 }, plan, context })
      const [loss] = await losses(run)
      return { said: said.join(), loss }
    }
    const [wide, narrow] = [await within(2000), await within(0.75)]
    expect(wide.said).toMatch(/3 images at once, of \d+ MB each/)
    expect(wide.said).not.toMatch(/twice/)
    expect(narrow.said).toMatch(/1 images at once, of \d+ MB each; activations are computed twice/)
    expect(narrow.loss).toBeCloseTo(wide.loss, 4)
  })

  it("keeps milestones, and as many checkpoints as asked for", async () => {
    const run = await newRun()
    await train(run, { checkpointEvery: 1, keepCheckpoints: 2, milestoneEvery: 2 })
    const kept = (await readdir(join(run, "task"))).filter((name) => name.startsWith("step-"))
    expect(kept.sort()).toEqual([2, 4, 5].map((step) => `step-00000000${step}`))
    expect(await readdir(join(run, "checkpoint"))).toEqual(
      expect.arrayContaining(["step-000000002", "step-000000004"]),
    )
  })

  it("stops when the loss is no number any more, naming the step", async () => {
    const failure = await train(await newRun(), {
      parts: partsWith({ ...SGD, learningRate: 1e30 }),
      maxGradientNorm: 1e30,
      warmup: 0,
      draws: 1,
    })
    expect(failure).toBeInstanceOf(StageFailure)
    expect(failure).toMatchObject({
      reason: "permanent",
      message: expect.stringMatching(/at step \d/),
      hint: expect.stringMatching(/lower learning-rate/),
    })
  })

  it("leaves broken images out, and fails when there are no others", async () => {
    const mixed = join(work, "images")
    await writeFile(join(mixed, "broken.png"), "no image")
    const warnings: Array<string> = []
    const log: TrainerContext["log"] = (level, message) => level === "warning" && warnings.push(message)
    expect(await train(await newRun(), { steps: 2 }, { log })).toBeUndefined()
    expect(warnings.join()).toMatch(/image broken is left out/)
    await rm(join(mixed, "broken.png"))
    images = join(work, "broken")
    await mkdir(images)
    await writeFile(join(images, "broken.png"), "no image")
    expect(await train(await newRun())).toMatchObject({ message: "no image of the data set can be decoded" })
    images = mixed
  })

  it("holds no more tensors the longer it trains", async () => {
    const counts: Array<number> = []
    const before = tf.memory().numTensors
    await train(await newRun(), {}, { progress: () => counts.push(tf.memory().numTensors) })
    expect(counts).toHaveLength(5)
    expect(new Set(counts.slice(1)).size).toBe(1)
    expect(tf.memory().numTensors).toBe(before)
  })
})
