import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Progress, StageContext } from "@diva-pipeline/core"
import { Cause, Effect, Exit } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { datasetDigits } from "./dataset-digits.ts"
import { datasetScenes } from "./dataset-scenes.ts"

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dataset-"))
})
afterEach(() => rmSync(root, { recursive: true }))

const contextOf = <Output extends string>(
  outputs: Readonly<Record<Output, string>>,
  report: (progress: Progress) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): StageContext<Output> => ({
  outputs,
  origins: {},
  scratch: join(root, "scratch"),
  checkpoint: join(root, "checkpoint"),
  environment: {},
  gpus: [],
  attempt: 1,
  signal,
  progress: report,
  log: () => {},
})

const folder = (name: string): string => {
  mkdirSync(join(root, name), { recursive: true })
  return join(root, name)
}

const sceneFolders = () => ({
  images: folder("images"),
  pairs: folder("pairs"),
  retrieval: folder("retrieval"),
})

const sceneInput = {
  count: 40,
  size: 32,
  seed: 1,
  "fine-captions": 0.15,
  "pairs-per-category": 1,
  "retrieval-count": 5,
}

describe("dataset/scenes", () => {
  it("fills its outputs and reports how far it is", async () => {
    const reports: Array<Progress> = []
    const outputs = sceneFolders()
    await Effect.runPromise(
      datasetScenes.run(
        sceneInput,
        contextOf(outputs, (progress) => reports.push(progress)),
      ),
    )
    expect(existsSync(join(outputs.images, "000039.png"))).toBe(true)
    expect(existsSync(join(outputs.pairs, "Questions.csv"))).toBe(true)
    expect(existsSync(join(outputs.retrieval, "test", "0.tar"))).toBe(true)
    expect(reports.at(-1)).toEqual({ done: 63, total: 63, unit: "images" })
  })

  it("ends soon when its task is cancelled", async () => {
    const outputs = sceneFolders()
    const controller = new AbortController()
    const context = contextOf(outputs, () => controller.abort(), controller.signal)
    const exit = await Effect.runPromiseExit(datasetScenes.run(sceneInput, context))
    expect(Exit.isFailure(exit)).toBe(true)
    expect(existsSync(join(outputs.images, "urls.csv"))).toBe(false)
  })
})

describe("dataset/digits", () => {
  const outputs = () => ({ train: folder("train"), benchmark: folder("benchmark") })

  it("fills its outputs", async () => {
    const made = outputs()
    const input = { "train-count": 20, "test-count": 10, seed: 1 }
    await Effect.runPromise(datasetDigits.run(input, contextOf(made)))
    expect(existsSync(join(made.train, "00000.tar"))).toBe(true)
    expect(existsSync(join(made.benchmark, "classnames.txt"))).toBe(true)
  })

  it("refuses, for good, more digits than there are", async () => {
    const input = { "train-count": 9000, "test-count": 9000, seed: 1 }
    const exit = await Effect.runPromiseExit(datasetDigits.run(input, contextOf(outputs())))
    expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({
      _tag: "StageFailure",
      reason: "permanent",
      hint: expect.stringContaining("train-count"),
    })
  })
})
