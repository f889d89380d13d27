import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import sharp from "sharp"
import { afterAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

/** Trains on a folder `pictures`, as small as it can be. */
const TRAINING = `version: 1
name: own
params:
  images: { type: string, format: path, description: A folder of images }
  workers: { type: integer, default: 1, description: Processes }
stages:
  clip: { uses: weights/fetch, with: { name: micro-clip } }
  diffusion: { uses: weights/fetch, with: { name: micro-sd } }
  inject:
    uses: condition/inject
    with:
      model: \${{ stages.clip.outputs.weights }}
      diffusion: \${{ stages.diffusion.outputs.weights }}
  latents:
    uses: train/latents
    with:
      model: \${{ stages.inject.outputs.model }}
      images: \${{ params.images }}
      images-at-once: 2
      workers: \${{ params.workers }}
  train:
    uses: train/diva
    with:
      model: \${{ stages.inject.outputs.model }}
      images: \${{ params.images }}
      latents: \${{ stages.latents.outputs.latents }}
      workers: \${{ params.workers }}
      pictures: 0
      steps: 2
      batch: 2
      accumulation: 1
outputs:
  weights: \${{ stages.train.outputs.weights }}
`

const train = (...args: ReadonlyArray<string>) =>
  run(folder, ["run", "own.yaml", "--param", "images=pictures", ...args])

describe("images of one's own", () => {
  test("train from a plain folder, whatever their size, and whatever else is there", async () => {
    writeFileSync(join(folder, "own.yaml"), TRAINING)
    mkdirSync(join(folder, "pictures", "trip"), { recursive: true })
    const picture = (background: string, width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background } })
    await picture("teal", 300, 200)
      .jpeg()
      .toFile(join(folder, "pictures", "a.jpg"))
    await picture("gold", 40, 90)
      .png()
      .toFile(join(folder, "pictures", "b.png"))
    await picture("navy", 64, 64)
      .webp()
      .toFile(join(folder, "pictures", "trip", "c.webp"))
    writeFileSync(join(folder, "pictures", "notes.txt"), "my trip")
    writeFileSync(join(folder, "pictures", "broken.jpg"), "no image")
    const { code, stderr } = await train()
    expect(stderr).toContain("the image broken is left out")
    expect(code).toBe(0)
    expect((await train()).stderr).toMatch(/^✓ train +cached$/m)
  })

  test("give the same bytes to several processes, and what one has made counts for them", async () => {
    const several = ["--param", "workers=2"]
    expect((await train(...several)).stderr).toMatch(/^✓ latents +cached$[\s\S]*^✓ train +cached$/m)
    const weights = () => readFileSync(join(folder, "results/own/weights/open_clip_model.safetensors"))
    const ofOne = weights()
    const { code, stderr } = await train(...several, "--force", "latents", "--force", "train")
    expect(stderr).not.toMatch(/^✓ train +cached$/m)
    expect(code).toBe(0)
    expect(weights()).toEqual(ofOne)
  }, 180_000)

  test("that are new train again", async () => {
    await sharp({ create: { width: 50, height: 50, channels: 3, background: "red" } })
      .png()
      .toFile(join(folder, "pictures", "new.png"))
    const { code, stderr } = await train()
    expect(stderr).toMatch(/^▸ train +started: .*changed/m)
    expect(code).toBe(0)
  })

  test("that are not there are missed before anything runs", async () => {
    const { code, stderr } = await run(folder, ["run", "own.yaml", "--param", "images=pictues"])
    expect(stderr).toContain("pictues")
    expect(code).toBe(2)
  })

  test("none of which can be read, end it with one message", async () => {
    mkdirSync(join(folder, "nothing"))
    writeFileSync(join(folder, "nothing", "notes.txt"), "no image")
    const { code, stderr } = await run(folder, ["run", "own.yaml", "--param", "images=nothing"])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^✗ latents +failed: .*no/m)
    expect(stderr).not.toMatch(/^ +at [^o]/m)
  })
})

describe("without the native backend", () => {
  test("the same works on WebAssembly", async () => {
    const { code, stderr } = await train("--backend", "wasm")
    expect(stderr).toMatch(/^▸ train +started: .*backend/m)
    expect(code).toBe(0)
  })

  test("a machine that has none uses WebAssembly by itself", async () => {
    const env = { XDG_CACHE_HOME: join(folder, "empty-cache") }
    const { stdout } = await run(folder, ["backend", "status"], { env })
    expect(stdout).toMatch(/^backend in use +wasm/m)
    const planned = await run(folder, ["plan", "own.yaml", "--param", "images=pictures"], { env })
    expect(planned.stdout).toMatch(/^✓ train +cached$/m)
  })
})
