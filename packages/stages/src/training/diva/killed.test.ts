import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadBackend } from "../../tensor/index.ts"
import { availableBackends } from "../../tensor/test-backends.ts"
import {
  NO_EVALUATION,
  TINY_OPTIONS,
  TINY_WORK,
  writeTinyImages,
  writeTinyModel,
} from "./fixtures/tiny-model.ts"
import type { DivaOptions, WorkOptions } from "./index.ts"

const [backend = "cpu"] = await availableBackends()
const program = join(import.meta.dirname, "fixtures/train-once.ts")

/** All files of a training's results, by name. */
const results = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const part of ["weights", "checkpoint"])
    for (const name of await readdir(join(folder, part)))
      found.set(name, (await readFile(join(folder, part, name))).toString("base64"))
  for (const name of ["log", "metrics"]) found.set(name, await readFile(join(folder, name), "utf8"))
  return found
}

describe(`trainings in processes of their own, on ${backend}`, { timeout: 300_000 }, () => {
  let work: string
  let runs = 0
  let whole: ReadonlyMap<string, string>
  const options: DivaOptions = { ...TINY_OPTIONS, steps: 4, averageDecay: 0.9, projectorWarmup: 1 }

  const newRun = async (how: Partial<WorkOptions> = {}): Promise<string> => {
    const folder = join(work, `run-${runs++}`)
    await mkdir(folder)
    const request = {
      model: join(work, "model"),
      images: join(work, "images"),
      options,
      work: { ...TINY_WORK, checkpointEvery: 1, ...how },
      evaluation: NO_EVALUATION,
    }
    await writeFile(join(folder, "request.json"), JSON.stringify(request))
    return folder
  }

  /** Starts a training; `until` is told of what it prints. */
  const start = (folder: string, until: (line: string, child: ChildProcess) => void = () => undefined) => {
    const child = spawn(process.execPath, ["--conditions=source", "--no-warnings", program, folder], {
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

  beforeAll(async () => {
    await loadBackend(backend)
    work = await mkdtemp(join(tmpdir(), "diva-killed-"))
    await writeTinyModel(work)
    await writeTinyImages(join(work, "images"), 7)
    const folder = await newRun()
    expect(await start(folder)).toMatchObject({ code: 0 })
    whole = await results(folder)
  }, 300_000)
  afterAll(() => rm(work, { recursive: true }))

  it("killed after each of its steps, one comes to the same bytes", async () => {
    const folder = await newRun()
    for (let step = 1; step <= 4; step++) {
      const { code, printed } = await start(folder, (line, child) => {
        if (line === `step ${step}`) child.kill("SIGKILL")
      })
      expect(code, printed).toBe(null)
    }
    const { code, printed } = await start(folder)
    expect(code, printed).toBe(0)
    expect(printed).toMatch(/continuing after step \d/)
    expect(await results(folder)).toEqual(whole)
  })

  it.each([2, 4])("of %i workers come to the same bytes", async (workers) => {
    const folder = await newRun({ workers })
    const { code, printed } = await start(folder)
    expect(code, printed).toBe(0)
    expect(await results(folder)).toEqual(whole)
  })

  it("with two workers, a kill of all and another number of workers change nothing", async () => {
    const folder = await newRun({ workers: 2, threads: 2 })
    const { code } = await start(folder, (line, child) => {
      if (line === "step 2") child.kill("SIGKILL")
    })
    expect(code).toBe(null)
    const request = JSON.parse(await readFile(join(folder, "request.json"), "utf8"))
    request.work.workers = 1
    await writeFile(join(folder, "request.json"), JSON.stringify(request))
    expect(await start(folder)).toMatchObject({ code: 0 })
    expect(await results(folder)).toEqual(whole)
  })
})
