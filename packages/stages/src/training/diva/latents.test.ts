import { mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { TINY_OPTIONS, writeTinyImages, writeTinyModel } from "./fixtures/tiny-model.ts"
import { trainInto } from "./fixtures/train-into.ts"
import { type LatentRequest, makeLatents } from "./index.ts"

const [backend = "cpu"] = await availableBackends()
/** Of an image: 8 × 8 × 4 numbers. */
const EACH = 8 * 8 * 4 * 4

describe(`latents for many trainings, on ${backend}`, { timeout: 300_000 }, () => {
  let work: string
  let model: string
  let images: string
  let runs = 0
  let whole: string
  const crops = { ...TINY_OPTIONS.crops, kind: "fixed" } as const

  beforeAll(async () => {
    process.env.DIVA_BACKEND = backend
    await loadBackend(backend)
    work = await mkdtemp(join(tmpdir(), "diva-latents-"))
    model = await writeTinyModel(work)
    images = join(work, "images")
    await writeTinyImages(images, 7)
    whole = await newRun()
    await make(whole)
  }, 300_000)
  afterAll(async () => {
    delete process.env.DIVA_BACKEND
    await rm(work, { recursive: true })
  })

  const newRun = async () => {
    const folder = join(work, `run-${runs++}`)
    await mkdir(join(folder, "latents"), { recursive: true })
    return folder
  }

  /** Makes latents into a folder of a run; stops after as many images as are said. */
  const make = async (
    folder: string,
    given: Partial<LatentRequest> = {},
    stop = Number.POSITIVE_INFINITY,
  ): Promise<ReadonlyArray<string>> => {
    const controller = new AbortController()
    const said: Array<string> = []
    const context = {
      checkpoint: join(folder, "task"),
      signal: controller.signal,
      progress: ({ done }: { readonly done: number }) => done >= stop && controller.abort(),
      log: (_: string, message: string) => said.push(message),
    }
    const request: LatentRequest = {
      folder: model,
      images,
      crops,
      generativeNormalisation: "original",
      imagesAtOnce: 2,
      work: { workers: 1, gpus: [], threads: 1 },
      ...given,
    }
    const made = makeLatents(request, join(folder, "latents"), context)
    if (stop === Number.POSITIVE_INFINITY) await made
    else await expect(made).rejects.toThrow(/abort/)
    return said
  }

  const numbers = (folder: string) => readFile(join(folder, "latents/latents.f32"))
  const index = async (folder: string) =>
    JSON.parse(await readFile(join(folder, "latents/index.json"), "utf8"))

  it("are one piece for each image", async () => {
    expect((await numbers(whole)).length).toBe(7 * EACH)
    expect(await index(whole)).toMatchObject({ count: 7, shape: [8, 8, 4], size: 16 })
  })

  it("go on after stops with the same bytes, repeating nothing", async () => {
    const run = await newRun()
    await make(run, {}, 2)
    expect(await make(run, {}, 6)).toContain("continuing after 2 images")
    expect(await make(run)).toContain("continuing after 6 images")
    expect(await numbers(run)).toEqual(await numbers(whole))
    // All is there, and was not yet given out.
    expect(await make(await emptied(run))).toContain("continuing after 7 images")
    expect(await numbers(run)).toEqual(await numbers(whole))
    expect(await index(run)).toEqual(await index(whole))
  })

  /** A run whose results are gone and whose checkpoint is not. */
  const emptied = async (run: string): Promise<string> => {
    await rm(join(run, "latents"), { recursive: true })
    await mkdir(join(run, "latents"))
    return run
  }

  it("that were damaged since are made again, and those before them are not", async () => {
    const run = await newRun()
    await make(run, {}, 6)
    const file = await open(join(run, "task/latents.f32"), "r+")
    await file.write(Uint8Array.of(1, 2, 3), 0, 3, 2 * EACH + 5)
    await file.close()
    const said = (await make(run)).join("\n")
    expect(said).toMatch(/from image 3 on are damaged/)
    expect(said).toMatch(/continuing after 2 images/)
    expect(await numbers(run)).toEqual(await numbers(whole))
  })

  it("that were given out stay as they are, whatever the task does next", async () => {
    const run = await newRun()
    await make(run)
    const given = join(run, "given")
    await rename(join(run, "latents"), given)
    await mkdir(join(run, "latents"))
    expect(await make(run)).toContain("continuing after 7 images")
    const file = join(given, "latents.f32")
    expect((await stat(file)).nlink).toBe(1)
    expect(await readFile(file)).toEqual(await numbers(whole))
  })

  it("of another recipe, or with half a line in their journal, count for nothing more", async () => {
    const run = await newRun()
    await make(run, { generativeNormalisation: "corrected" }, 4)
    expect((await make(run, {}, 4)).join()).not.toMatch(/continuing/)
    const journal = join(run, "task/latents.jsonl")
    await writeFile(journal, (await readFile(journal)).subarray(0, -20))
    expect(await make(run)).toContain("continuing after 2 images")
    expect(await numbers(run)).toEqual(await numbers(whole))
  })

  it("are the same bytes from several workers and threads", async () => {
    const run = await newRun()
    await make(run, { work: { workers: 2, gpus: [], threads: 2 } })
    expect(await numbers(run)).toEqual(await numbers(whole))
  })

  it("leave the places of broken images, and need one that is not", async () => {
    const broken = join(work, "broken")
    await writeTinyImages(broken, 5)
    await writeFile(join(broken, "1.png"), "no image")
    const [run, none] = [await newRun(), await newRun()]
    expect((await make(run, { images: broken })).join()).toMatch(/image 1 is left out/)
    const [made, expected] = [await numbers(run), await numbers(whole)]
    expect(made.length).toBe(5 * EACH)
    // Those that were encoded with the same others.
    expect(made.subarray(2 * EACH, 4 * EACH)).toEqual(expected.subarray(2 * EACH, 4 * EACH))
    for (const name of [0, 2, 3, 4]) await rm(join(broken, `${name}.png`))
    await expect(make(none, { images: broken })).rejects.toThrow(/no image of the data set can be decoded/)
  })

  it("give a training the same result but for last digits", async () => {
    const latents = join(whole, "latents")
    const [without, given, other] = [await newRun(), await newRun(), await newRun()]
    await trainInto(without, { folder: model, images }, { options: { crops, steps: 2 } })
    await trainInto(given, { folder: model, images, latents }, { options: { steps: 2 } })
    const expected = await losses(without)
    for (const [step, loss] of (await losses(given)).entries()) expect(loss).toBeCloseTo(expected[step], 5)
    const options = { generativeNormalisation: "corrected" } as const
    await expect(trainInto(other, { folder: model, images, latents }, { options })).rejects.toThrow(
      /made with generative-normalisation/,
    )
  })

  const losses = async (run: string) =>
    (await readFile(join(run, "log"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).loss)
})
