import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CLASSES, picture } from "../../evaluation/fixtures/tiny-model.ts"
import { writeBenchmarkSamples } from "../../formats/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { writeTinyImages, writeTinyModel } from "./fixtures/tiny-model.ts"
import { trainInto } from "./fixtures/train-into.ts"
import type { TrainingMetrics } from "./index.ts"

const [backend = "cpu"] = await availableBackends()
const IMAGES = 8

describe(`a training that is scored, on ${backend}`, { timeout: 300_000 }, () => {
  let work: string
  let model: string
  const folder = (name: string) => join(work, name)
  const text = (content: string) => new TextEncoder().encode(content)

  beforeAll(async () => {
    process.env.DIVA_BACKEND = backend
    await loadBackend(backend)
    work = await mkdtemp(join(tmpdir(), "diva-scored-"))
    model = await writeTinyModel(work)
    await writeTinyImages(folder("images"), 7)
    const images = await Promise.all(Array.from({ length: IMAGES }, (_, index) => picture(index)))
    await writeClasses(images)
    await writeCaptions(images)
    await writePairs(images)
  })
  afterAll(async () => {
    delete process.env.DIVA_BACKEND
    await rm(work, { recursive: true })
  })

  const samplesOf = (images: ReadonlyArray<Uint8Array>, ending: string, of: (index: number) => string) =>
    images.map((image, index) => ({
      key: `s${index}`,
      files: new Map([
        ["png", image],
        [ending, text(of(index))],
      ]),
    }))

  const writeClasses = async (images: ReadonlyArray<Uint8Array>) => {
    await mkdir(folder("classes"))
    await writeFile(join(folder("classes"), "classnames.txt"), CLASSES.join("\n"))
    await writeFile(join(folder("classes"), "zeroshot_classification_templates.txt"), "a {c}")
    await writeBenchmarkSamples(
      folder("classes"),
      samplesOf(images, "cls", (index) => String(index % 3)),
    )
  }

  const writeCaptions = (images: ReadonlyArray<Uint8Array>) =>
    writeBenchmarkSamples(
      folder("captions"),
      samplesOf(images, "txt", (index) => `a ${CLASSES[index % 3]} ${index}`),
    )

  const writePairs = async (images: ReadonlyArray<Uint8Array>) => {
    const rows = ["Question ID,Type,Statement"]
    const of = join(folder("pairs"), "MLLM_VLM_Images", "Color")
    await mkdir(of, { recursive: true })
    for (const [index, image] of images.entries()) {
      await writeFile(join(of, `${index + 1}.png`), image)
      rows.push(`${index + 1},Color,a ${CLASSES[index % 3]} ${index}`)
    }
    await writeFile(join(folder("pairs"), "Questions.csv"), `${rows.join("\n")}\n`)
  }

  it("is so before its first step and on the way, on benchmarks of every kind, and keeps the best weights", async () => {
    const run = folder("run")
    const names = ["pairs", "classes", "captions"]
    const evaluation = {
      benchmarks: names.map((name) => ({ name, folder: folder(name) })),
      every: 2,
      keep: "best",
      patience: 0,
    } as const
    const input = { folder: model, images: folder("images") }
    await trainInto(run, input, { options: { steps: 4 }, plan: { evaluation } })
    const metrics: TrainingMetrics = JSON.parse(await readFile(join(run, "metrics"), "utf8"))
    const { evaluations, weights_of_step: kept } = metrics
    expect(evaluations.map(({ step, benchmark }) => [step, benchmark])).toEqual(
      [0, 2, 4].flatMap((step) => names.map((name) => [step, name])),
    )
    for (const { score } of evaluations) {
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(1)
    }
    const pairs = evaluations.filter(({ benchmark }) => benchmark === "pairs")
    const best = Math.max(...pairs.map(({ score }) => score))
    expect(pairs.find(({ score }) => score === best)?.step).toBe(kept)
    const card = await readFile(join(run, "weights/README.md"), "utf8")
    for (const name of names) expect(card).toMatch(new RegExp(`\\| 4 \\| ${name} \\| \\d+\\.\\d\\d % \\|`))
    expect(await readFile(join(run, "progress/index.html"), "utf8")).toContain("<b>captions</b>")
    expect(await readdir(join(run, "task"))).toContain(`best-${kept}`)
  })

  it("says what is wrong with a folder that is no benchmark", async () => {
    const evaluation = {
      benchmarks: [{ name: "none", folder: folder("images") }],
      every: 1,
      keep: "last",
      patience: 0,
    } as const
    const input = { folder: model, images: folder("images") }
    await expect(trainInto(folder("none"), input, { plan: { evaluation } })).rejects.toMatchObject({
      _tag: "StageFailure",
    })
  })
})
