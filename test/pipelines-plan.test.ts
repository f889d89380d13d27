import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { loadPipeline, makeRegistry } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { afterAll, describe, expect, test } from "vitest"

const root = resolve(import.meta.dirname, "..")
const folder = mkdtempSync(join(tmpdir(), "diva-plans-"))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, "images"))
mkdirSync(join(folder, "benchmark"))
writeFileSync(join(folder, "list.tsv"), "")

/** What the pipelines need to be given. */
const GIVEN = {
  images: join(folder, "images"),
  benchmark: join(folder, "benchmark"),
  list: join(folder, "list.tsv"),
}

const load = (file: string, names: ReadonlyArray<keyof typeof GIVEN>) =>
  Effect.runPromise(
    loadPipeline(file, {
      registry: makeRegistry(stageDefinitions),
      workingFolder: root,
      params: names.map((name) => ({ name, value: GIVEN[name], origin: "--param" })),
    }).pipe(Effect.provide(NodeServices.layer)),
  )

describe("ready pipelines of training", () => {
  const ofModels = globSync("pipelines/diva-*.yaml", { cwd: root })

  test("there is one for each of the eight models", () => {
    expect(ofModels).toHaveLength(8)
  })

  test.each(ofModels)("%s is complete", async (file) => {
    const { tasks } = await load(file, ["images", "benchmark"])
    expect(tasks.map(({ key }) => key)).toContain("train")
  })

  test.each([...ofModels, "pipelines/full.yaml"])(
    "%s scores all views, before and after, from one pass of each model",
    async (file) => {
      const given = file.endsWith("full.yaml")
        ? (["list", "benchmark"] as const)
        : (["images", "benchmark"] as const)
      const { tasks } = await load(file, given)
      const views = (stage: string) =>
        tasks.flatMap(({ key, matrix }) => (key === stage ? [matrix.view] : []))
      for (const side of ["before", "after"]) {
        expect(views(side)).toEqual(["class", "original", "all-tokens"])
        expect(tasks.filter(({ key }) => key === `images-${side}`)).toHaveLength(1)
      }
    },
  )

  test("released-weights.yaml scores each view of both models, before and after", async () => {
    const { tasks } = await load("pipelines/released-weights.yaml", ["benchmark"])
    for (const side of ["before", "after"])
      expect(tasks.flatMap(({ key, matrix }) => (key === side ? [matrix.view] : []))).toEqual([
        ...["class", "original", "all-tokens"],
        ...["class", "original", "all-tokens"],
      ])
  })

  test("full.yaml begins with a list", async () => {
    const { tasks } = await load("pipelines/full.yaml", ["list", "benchmark"])
    expect(tasks.map(({ key }) => key)).toEqual(expect.arrayContaining(["images", "train", "report"]))
  })

  test("micro-study.yaml trains six variants with five seeds", async () => {
    const { tasks } = await load("pipelines/micro-study.yaml", [])
    expect(tasks.filter(({ key }) => key === "train")).toHaveLength(30)
  })
})
