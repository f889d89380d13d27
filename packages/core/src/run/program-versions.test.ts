import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { Type } from "typebox"
import { afterAll, describe, expect, test } from "vitest"
import { readJournal, summarise } from "../observe/index.ts"
import { artefact, defineStage } from "../stage/index.ts"
import { Store } from "../store/index.ts"
import { engine, makeFolder, removeFolder } from "./fixtures/engine.ts"
import { output, pipeline, task } from "./fixtures/pipelines.ts"
import { grow } from "./fixtures/stages.ts"
import { runPipeline } from "./run-pipeline.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

/** A stage of which two versions of the program have two versions. */
const train = (version: number) =>
  defineStage({
    name: "test/train",
    version,
    summary: "Gives what its version gives",
    input: Type.Object({ from: artefact("folder") }),
    outputs: { file: { kind: "file", description: "A file", file: "model.txt" } },
    isolation: "inline",
    run: (_, { outputs }) => Effect.sync(() => writeFileSync(outputs.file, `model of version ${version}`)),
  })

/** A run of one version of the program, which has one version of `test/train`. */
const run = (folder: string, program: string, version: number) => {
  const work = pipeline(
    [
      task("images", grow, { seed: 1, files: 2 }),
      task("train", train(version), { from: output("images", "folder") }),
    ],
    { model: output("train", "file") },
  )
  const options = { resultsFolder: join(folder, "results"), versions: { "diva-pipeline": program } }
  return Effect.runPromise(Effect.provide(runPipeline(work, options), engine(folder)))
}

const statuses = ({ tasks }: Awaited<ReturnType<typeof run>>) => tasks.map(({ status }) => status)
const modelIn = (folder: string): string => readFileSync(join(folder, "results", "model.txt"), "utf8")

describe("two versions of the program on one store", () => {
  test("find each other's results where their stages have the same version, and keep apart where not", async () => {
    const folder = join(base, "shared")
    expect(statuses(await run(folder, "1.0.0", 1))).toEqual(["succeeded", "succeeded"])
    expect(statuses(await run(folder, "1.1.0", 1))).toEqual(["cached", "cached"])
    const newer = await run(folder, "2.0.0", 2)
    expect(statuses(newer)).toEqual(["cached", "succeeded"])
    expect(newer.tasks[1]?.reason).toBe("stage version 1 → 2")
    expect(modelIn(folder)).toBe("model of version 2")
    // By turns, each finds its own.
    for (const [program, version] of [
      ["1.0.0", 1],
      ["2.0.0", 2],
      ["1.0.0", 1],
    ] as const) {
      expect(statuses(await run(folder, program, version))).toEqual(["cached", "cached"])
      expect(modelIn(folder)).toBe(`model of version ${version}`)
    }
  })

  test("read what they know of a journal in which the other has told more", async () => {
    const folder = join(base, "journals")
    const first = await run(folder, "1.0.0", 1)
    const runs = join(folder, "store", "runs")
    appendFileSync(
      join(runs, first.run, "journal.jsonl"),
      '{"_tag":"Invented","time":1}\n{"_tag":"TaskCached","time":1}\n',
    )
    expect(summarise(await Effect.runPromise(readJournal(runs, first.run)))).toEqual(first)
    expect(statuses(await run(folder, "1.1.0", 1))).toEqual(["cached", "cached"])
  })
})

describe("a store of another format", () => {
  const open = (folder: string) =>
    Effect.runPromise(Effect.flip(Effect.provide(Effect.asVoid(Store), Layer.fresh(engine(folder)))))

  test.each([
    ["an older one", 1, /has format 1, and this program reads \d+/, /remove it, or choose another/],
    ["a newer one", 99, /has format 99, and this program reads \d+/, /use the newer program/],
  ])("is refused in clear words and left as it is: %s", async (name, format, message, hint) => {
    const folder = join(base, name)
    await run(folder, "1.0.0", 1)
    const store = join(folder, "store")
    const own = readFileSync(join(store, "store.json"), "utf8")
    writeFileSync(join(store, "store.json"), `{"format":${format}}\n`)
    const before = readdirSync(store, { recursive: true }).sort()
    const error = await open(folder)
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    expect(readdirSync(store, { recursive: true }).sort()).toEqual(before)
    // Under the right name it is as good as before.
    writeFileSync(join(store, "store.json"), own)
    expect(statuses(await run(folder, "1.0.0", 1))).toEqual(["cached", "cached"])
  })

  test("is refused when it says no format, as the first ones did, or something else", async () => {
    const first = join(base, "first")
    mkdirSync(join(first, "store", "keys"), { recursive: true })
    expect((await open(first)).message).toMatch(/has format 1/)
    expect(existsSync(join(first, "store", "store.json"))).toBe(false)
    const broken = join(base, "broken")
    mkdirSync(join(broken, "store"), { recursive: true })
    writeFileSync(join(broken, "store", "store.json"), "{")
    expect((await open(broken)).message).toMatch(/its store.json is damaged/)
  })
})
