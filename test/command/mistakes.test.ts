import { copyFileSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

let folder = ""
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => removeFolder(folder))

/** Runs what cannot be run, and gives what was said of it. */
const refused = async (...args: ReadonlyArray<string>): Promise<string> => {
  const before = readdirSync(folder)
  const { code, stdout, stderr } = await run(folder, args)
  expect(stdout).toBe("")
  expect(stderr).not.toMatch(/^ +at /m)
  expect(readdirSync(folder)).toEqual(before)
  expect(code).toBe(2)
  return stderr
}

describe("a document with many mistakes", () => {
  test("is told all of them at once, each with its place, its line and a hint, and nothing runs", async () => {
    copyFileSync(join(import.meta.dirname, "documents", "mistakes.yaml"), join(folder, "mistakes.yaml"))
    const said = await refused("run", "mistakes.yaml")
    expect(said.match(/^mistakes\.yaml:\d+:\d+: error: .*$/gm)).toEqual([
      "mistakes.yaml:3:1: error: unknown key `parms`",
      'mistakes.yaml:6:35: error: param `seed` must be a whole number, not the text "many"',
      'mistakes.yaml:12:14: error: input `count` of `dataset/scenes` must be a whole number, not the text "lots"',
      "mistakes.yaml:13:7: error: unknown input `sead` of `dataset/scenes`",
      "mistakes.yaml:17:24: error: there is no stage `scene`",
      "mistakes.yaml:19:11: error: there is no stage `weights/fetsh` to use",
      "mistakes.yaml:24:18: error: input `model` of `condition/inject` takes `weights`, but `stages.scenes.outputs.pairs` is `pairs-benchmark`",
      "mistakes.yaml:25:44: error: stage `scenes` (dataset/scenes) has no output `weights`",
      expect.stringMatching(
        /^mistakes\.yaml:26:15: error: input `design` of `condition\/inject` must be .*"mikro"$/,
      ),
      "mistakes.yaml:31:19: error: input `images` of `train/diva` takes `webdataset` or `images`, but `stages.after.outputs.metrics` is `metrics`",
      "mistakes.yaml:32:24: error: `retry.attempts` must be at least 1, not 0",
      "mistakes.yaml:36:18: error: stages need each other in a circle: train → after → train",
      'mistakes.yaml:38:14: error: `timeout` must be a duration such as 500ms, 30s, 5m or 1h30m, not the text "soon"',
      "mistakes.yaml:41:3: error: duplicate key `digits`",
      "mistakes.yaml:46:25: error: unknown param `titel`",
    ])
    expect(said).toContain(
      "      uses: weights/fetsh\n            ^^^^^^^^^^^^^\n  hint: did you mean `weights/fetch`?\n",
    )
    expect(said).toMatch(/\nerror: mistakes\.yaml: 15 mistakes; nothing was run\n$/)
    for (const command of ["validate", "plan"]) expect(await refused(command, "mistakes.yaml")).toBe(said)
  })
})

describe("what cannot be understood", () => {
  test("of YAML is told with its place", async () => {
    writeFileSync(join(folder, "broken.yaml"), 'version: 1\nname: "broken\nstages: {}\n')
    expect(await refused("run", "broken.yaml")).toMatch(/^broken\.yaml:\d+:\d+: error: .*\n/)
  })

  test("of arguments is told with what was perhaps meant", async () => {
    writeFileSync(
      join(folder, "fine.yaml"),
      "version: 1\nname: fine\nstages: { digits: { uses: dataset/digits } }\n",
    )
    expect(await refused("run", "fine.yaml", "--param", "sead=1")).toContain("sead")
    expect(await refused("run", "nothing.yaml")).toContain("nothing.yaml")
    expect(await refused("runn", "fine.yaml")).toContain("runn")
    expect(await refused("run", "fine.yaml", "--parm", "a=1")).toContain("--parm")
    expect(await refused("run", "fine.yaml", "--backend", "cuda")).toContain("cuda")
    expect(await refused("run")).toContain("document")
    expect(await refused("stages", "train/dive")).toContain("train/diva")
  })
})

test("a name that an input's map cannot have is told how it must look", async () => {
  writeFileSync(
    join(folder, "names.yaml"),
    `version: 1
name: names
stages:
  a: { uses: exec, with: { command: "true", inputs: { INPUT: "names.yaml" } } }
`,
  )
  const said = await refused("validate", "names.yaml")
  expect(said).toContain("names.yaml:4:55: error: `INPUT` can't be used as a name\n")
  expect(said).toContain("hint: names here match ^[a-z][a-z0-9-]*$\n")
})
