import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import { bundlePrograms } from "./fixtures/bundle-programs.ts"
import {
  NO_EVALUATION,
  TINY_OPTIONS,
  TINY_WORK,
  writeTinyImages,
  writeTinyModel,
} from "./fixtures/tiny-model.ts"
import type { DivaOptions, LatentRequest, WorkOptions } from "./index.ts"

const [backend = "cpu"] = await availableBackends()

/** All files of a training's results, by name. */
const results = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const part of ["weights", "checkpoint"])
    for (const name of await readdir(join(folder, part)))
      found.set(name, (await readFile(join(folder, part, name))).toString("base64"))
  for (const name of ["log", "metrics"]) found.set(name, await readFile(join(folder, name), "utf8"))
  return found
}

describe(`works in processes of their own, on ${backend}`, { timeout: 300_000 }, () => {
  let work: string
  let program: string
  let runs = 0
  let whole: ReadonlyMap<string, string>
  const options: DivaOptions = { ...TINY_OPTIONS, steps: 3, averageDecay: 0.9, projectorWarmup: 1 }
  const STEPS = 4

  /** What a run is asked to do. */
  const ask = (folder: string, how: Partial<WorkOptions>, more: object = {}): Promise<void> => {
    const request = {
      model: join(work, "model"),
      images: join(work, "images"),
      options,
      work: { ...TINY_WORK, checkpointEvery: 1, ...how },
      evaluation: NO_EVALUATION,
      ...more,
    }
    return writeFile(join(folder, "request.json"), JSON.stringify(request))
  }

  const newRun = async (how: Partial<WorkOptions> = {}, more: object = {}): Promise<string> => {
    const folder = join(work, `run-${runs++}`)
    await mkdir(folder)
    await ask(folder, how, more)
    return folder
  }

  /** Starts a work; `until` is told of what it prints. */
  const start = (folder: string, until: (line: string, child: ChildProcess) => void = () => undefined) => {
    const child = spawn(process.execPath, ["--no-warnings", program, folder], {
      env: { ...process.env, DIVA_BACKEND: backend },
      stdio: ["ignore", "pipe", "pipe"],
    })
    const printed: Array<string> = []
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        printed.push(String(text))
        for (const line of String(text).split("\n")) until(line, child)
      })
    return new Promise<{ readonly code: number | null; readonly printed: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, printed: printed.join("") })),
    )
  }

  /** Starts a work that is killed when it says something. */
  const killAt = async (folder: string, said: string): Promise<void> => {
    const { code, printed } = await start(folder, (line, child) => {
      if (line === said) child.kill("SIGKILL")
    })
    expect(code, printed).toBe(null)
  }

  /** Starts a work that comes to its end. */
  const finish = async (folder: string): Promise<string> => {
    const { code, printed } = await start(folder)
    expect(code, printed).toBe(0)
    return printed
  }

  beforeAll(async () => {
    await loadBackend(backend)
    work = await mkdtemp(join(tmpdir(), "diva-killed-"))
    await mkdir(join(work, "programs"))
    program = await bundlePrograms(join(work, "programs"))
    await writeTinyModel(work)
    await writeTinyImages(join(work, "images"), 7)
    const folder = await newRun()
    await finish(folder)
    whole = await results(folder)
  }, 300_000)
  afterAll(() => rm(work, { recursive: true }))

  it("a training that is killed after each of its steps comes to the same bytes", async () => {
    const folder = await newRun()
    for (let step = 1; step <= STEPS; step++) await killAt(folder, `steps ${step}`)
    expect(await finish(folder)).toMatch(/continuing after step \d/)
    expect(await results(folder)).toEqual(whole)
  })

  it("one that is killed while each file of a checkpoint is written comes to the same bytes", async () => {
    const folder = await newRun()
    const files = [
      "step-000000001.partial/weights.safetensors",
      "step-000000002.partial/optimiser.safetensors",
      "step-000000003.partial/average.safetensors",
      "step-000000004.partial/state.json",
    ]
    for (const killIn of files) {
      await ask(folder, {}, { killIn })
      const { code, printed } = await start(folder)
      expect(code, printed).toBe(null)
      expect(await readdir(join(folder, "task"))).toContain(killIn.split("/")[0])
    }
    await ask(folder, {})
    expect(await finish(folder)).toMatch(/continuing after step 3/)
    expect(await results(folder)).toEqual(whole)
  })

  it.each([2, 4])("%i workers come to the same bytes", async (workers) => {
    const folder = await newRun({ workers })
    await finish(folder)
    expect(await results(folder)).toEqual(whole)
  })

  it("with two workers, a kill of all and another number of workers change nothing", async () => {
    const folder = await newRun({ workers: 2, threads: 2 })
    await killAt(folder, "steps 2")
    await ask(folder, { workers: 1 })
    await finish(folder)
    expect(await results(folder)).toEqual(whole)
  })

  it("latents that are killed after each of their batches come to the same bytes", async () => {
    const latents: Omit<LatentRequest, "folder" | "images"> = {
      crops: options.crops,
      generativeNormalisation: "original",
      imagesAtOnce: 2,
      work: TINY_WORK,
    }
    const [once, killed] = [await newRun({}, { latents }), await newRun()]
    await finish(once)
    for (const killAfter of [2, 4, 6]) {
      await ask(killed, {}, { latents, killAfter })
      expect(await start(killed)).toMatchObject({ code: null })
    }
    await ask(killed, {}, { latents })
    expect(await finish(killed)).toMatch(/continuing after 6 images/)
    const numbers = (folder: string) => readFile(join(folder, "latents/latents.f32"))
    expect(await numbers(killed)).toEqual(await numbers(once))
  })
})
