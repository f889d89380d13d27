import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { completeDesign, type DesignInput, injectCondition } from "../../condition/index.ts"
import {
  type ClipModel,
  imageFeatures,
  learnBpe,
  loadClip,
  textFeatures,
  writeVocabulary,
} from "../../models/clip/index.ts"
import {
  channelsLast,
  excess,
  hasPython,
  type ReferenceCase,
  readCase,
  readTensors,
  runReference,
  titled,
} from "../../models/fixtures/reference.ts"
import { loadBackend, Parameters, readParameters } from "../../tensor/index.ts"
import { partsWith, SGD } from "./fixtures/reference-model.ts"
import { writeTinyImages, writeTinyModels } from "./fixtures/tiny-model.ts"
import { trainInto } from "./fixtures/train-into.ts"

/** How each family is published, and what of its tokens is the condition; the patches are fewer than the originals'. */
const FAMILIES: Readonly<Record<string, DesignInput>> = {
  // OpenAI's archive.
  openai: { "class-token": true, patches: { random: "fill" }, text: "add" },
  // MetaCLIP, in transformers' layout.
  "hugging-face": { "class-token": true, patches: "all", text: "mean" },
  // DFN, in open_clip's.
  open_clip: { "class-token": true, patches: { "random-share": 0.5 }, text: "mean" },
  // SigLIP in both.
  siglip: { "class-token": true, patches: { window: 2 }, projected: false, text: "mean" },
  "siglip-hugging-face": { "class-token": true, patches: { window: 2 }, projected: false, text: "mean" },
}

/** The folder of a case that open_cases.py opens. */
const TUNED = "weights"

const NEAR = { relative: 1e-4, absolute: 2e-5 }
/** open_clip's reader of OpenAI's files rounds what it reads to half precision. */
const HALF = { relative: 2e-2, absolute: 2e-2 }

const isInstalled = await hasPython("torch", "open_clip", "timm", "transformers", "safetensors")

describe.skipIf(!isInstalled)(
  titled("what a training leaves", isInstalled, "torch, open_clip_torch and transformers"),
  { timeout: 300_000 },
  () => {
    let work: string
    let cases: ReadonlyArray<ReferenceCase>
    beforeAll(async () => {
      await loadBackend()
      work = await mkdtemp(join(tmpdir(), "diva-tuned-"))
      await writeTinyModels(work)
      await writeTinyImages(join(work, "images"), 5)
      const words = join(work, "more-words")
      await writeVocabulary(words, learnBpe(["a photo of a ."], 520))
      const made = join(work, "cases")
      await runReference("clip_cases.py", made, String(Object.keys(FAMILIES).length), "7")
      const names = (await readdir(made)).sort()
      cases = await Promise.all(names.map((name) => readCase(made, name)))
      for (const { folder, facts } of cases) await addTokenizer(folder, facts.siglip === true, words)
      for (const one of cases) await tune(work, one)
      await runReference("open_cases.py", made, TUNED)
    }, 600_000)
    afterAll(() => rm(work, { recursive: true, force: true }))

    it.each(Object.keys(FAMILIES))(
      "of %s opens in the library it is for, and gives the features of the last checkpoint's weights",
      async (layout) => {
        const found = cases.find(({ facts }) => facts.layout === layout)
        if (found === undefined) throw new Error(`there is no case of ${layout}`)
        const origin = await loadClip(found.folder)
        const theirs = await readTensors(join(found.folder, "..", `${TUNED}.safetensors`))
        const near = layout === "openai" ? HALF : NEAR
        const apart = (parameters: Parameters) =>
          Object.fromEntries(
            Object.entries(featuresOf(origin, parameters, found)).map(([name, ours]) => [
              name,
              excess(ours, theirs.get(name), near),
            ]),
          )
        const after = apart(await lastWeights(origin, join(found.folder, "..")))
        expect(after.image_features).toBeLessThan(1)
        expect(after.text_features).toBeLessThan(1)
        // Were the origin's weights written, nothing would be shown; texts are encoded as before.
        const before = apart(origin.parameters)
        expect(before.image_features).toBeGreaterThan(2)
        expect(before.text_features).toBeLessThan(1)
      },
    )
  },
)

const addTokenizer = async (folder: string, isSiglip: boolean, words: string): Promise<void> => {
  const pieces = join(import.meta.dirname, "../../models/clip/fixtures/sentencepiece")
  const from = isSiglip ? pieces : words
  for (const file of await readdir(from)) await copyFile(join(from, file), join(folder, file))
}

/** Joins a CLIP to the tiny diffusion model, and trains it. */
const tune = async (work: string, { folder, facts }: ReferenceCase): Promise<void> => {
  const run = join(folder, "..")
  const model = join(run, "conditioned")
  await mkdir(model)
  const design = FAMILIES[String(facts.layout)]
  if (design === undefined) throw new Error(`there is no design for ${facts.layout}`)
  const diffusion = join(work, "diffusion")
  await injectCondition(model, { clip: folder, diffusion, design: completeDesign(design), seed: 1 })
  const parts = partsWith({ ...SGD, learningRate: 0.3 })
  const options = { steps: 2, warmup: 0, schedule: "constant", accumulation: 1, parts } as const
  await trainInto(run, { folder: model, images: join(work, "images") }, { options })
}

/** What a training remembers of CLIP after the last step, over the weights that it began with. */
const lastWeights = async (origin: ClipModel, run: string): Promise<Parameters> => {
  const trained = await readParameters(join(run, "checkpoint/weights.safetensors"))
  const ofClip = trained.entries().filter(([name]) => name.startsWith("visual."))
  expect(ofClip.length).toBeGreaterThan(5)
  return Parameters.of(new Map([...origin.parameters.entries(), ...ofClip]))
}

const featuresOf = (
  { config }: ClipModel,
  parameters: Parameters,
  { expected }: ReferenceCase,
): Readonly<Record<string, tf.Tensor>> => {
  const given = (name: string) => expected.get(name) ?? tf.scalar(Number.NaN)
  return {
    image_features: imageFeatures(config, parameters, channelsLast(given("image"))),
    text_features: textFeatures(config, parameters, given("text_ids")),
  }
}
