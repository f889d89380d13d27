import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { Type } from "typebox"
import { afterAll, describe, expect, test } from "vitest"
import { type InputValue, type Json, OutputReference, SourcePath, type Task } from "../pipeline/index.ts"
import { engine, makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { pipeline, task } from "../run/fixtures/pipelines.ts"
import { grow } from "../run/fixtures/stages.ts"
import { runPipeline } from "../run/index.ts"
import { defineStage, unkeyed } from "../stage/index.ts"
import { sha256 } from "../store/index.ts"
import { sortedText, turned } from "./fixtures/json-forms.ts"
import { keyOfTask } from "./key.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

const location = { file: "test.yaml", line: 1, column: 1 }
const context = {
  outputDigest: ({ task, output }: OutputReference) => sha256(`output ${task} ${output}`),
  sourceDigest: ({ path }: SourcePath) => sha256(`source ${path}`),
  environment: (name: string) => `the machine's ${name}`,
}
const keyOf = (input: Task["input"], options: Partial<Task> = {}): string =>
  keyOfTask(task("any", grow, input, options), context).key

/** Values that are near to each other, and yet not the same. */
const leaf = fc.oneof(
  fc.constantFrom<Json>(
    0,
    1,
    -1,
    1.5,
    1e21,
    true,
    false,
    null,
    "",
    "0",
    "1",
    "-1",
    "true",
    "null",
    "[]",
    "{}",
  ),
  fc.constantFrom<Json>("a", "a.b", "a[0]", "[0]", '"a"', "\ud800", "\ufffd", "é", "e\u0301"),
  fc.string({ maxLength: 3 }),
)
const name = fc.constantFrom("a", "b", "a.b", "0", "[0]", "a[0]", '["a"]', "", "__proto__", "constructor")
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

describe("a key", () => {
  test("is the same for the same JSON, and for no other", () => {
    const pair = fc.oneof(
      fc.tuple(value, value),
      value.map((one): [Json, Json] => [one, turned(one)]),
    )
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(keyOf({ x: one }) === keyOf({ x: other })).toBe(sortedText(one) === sortedText(other))
      }),
      { numRuns: 2000 },
    )
  })

  test("tells what is absent from what is empty, and a name with signs from places in a value", () => {
    const inputs: ReadonlyArray<Task["input"]> = [
      {},
      { x: null },
      { x: "" },
      { x: 0 },
      { x: false },
      { x: [] },
      { x: {} },
      { x: [null] },
      { x: [[]] },
      { x: { x: null } },
      { y: null },
      { "": null },
      { x: null, y: null },
      { x: { "a.b": 1 } },
      { x: { a: { b: 1 } } },
      { "x.a": { b: 1 } },
      { "x.a.b": 1 },
      { x: [1] },
      { x: { 0: 1 } },
      { x: { "[0]": 1 } },
      { "x[0]": 1 },
    ]
    expect(new Set(inputs.map((input) => keyOf(input))).size).toBe(inputs.length)
  })

  test("of artefacts is that of their content, which is not its digest as a text", () => {
    const reference = new OutputReference("up", "weights")
    const digest = context.outputDigest(reference)
    const same = { outputDigest: () => digest, sourceDigest: () => digest, environment: () => "" }
    const keyWith = (x: InputValue) => keyOfTask(task("any", grow, { x }), same).key
    expect(keyWith(reference)).toBe(keyWith(new OutputReference("renamed", "model")))
    expect(keyWith(reference)).toBe(keyWith(new SourcePath("/here", location)))
    expect(keyWith(reference)).not.toBe(keyWith(digest))
    const text = { ...same, outputDigest: () => sha256('"a text"') }
    const keyOfText = (x: InputValue) => keyOfTask(task("any", grow, { x }), text).key
    expect(keyOfText(reference)).not.toBe(keyOfText("a text"))
    expect(keyOf({ x: reference })).not.toBe(keyOf({ x: new OutputReference("up", "other") }))
    expect(keyOf({ x: new SourcePath("/a", location) })).not.toBe(
      keyOf({ x: new SourcePath("/b", location) }),
    )
  })

  test("leaves out what changes how the work is done and nothing of what comes out", () => {
    const stage = {
      ...grow,
      input: Type.Object({ threads: Type.Optional(unkeyed(Type.Integer())), seed: Type.Integer() }),
    }
    const keyWith = (input: Task["input"]) => keyOf(input, { stage })
    expect(keyWith({ seed: 1, threads: 2 })).toBe(keyWith({ seed: 1, threads: 3 }))
    expect(keyWith({ seed: 1, threads: 2 })).toBe(keyWith({ seed: 1 }))
    expect(keyWith({ seed: 1, threads: 2 })).not.toBe(keyWith({ seed: 2, threads: 2 }))
    expect(keyWith({ seed: { threads: 1 } })).not.toBe(keyWith({ seed: { threads: 2 } }))
    // Of another stage the name says nothing.
    expect(keyOf({ threads: 2 })).not.toBe(keyOf({ threads: 3 }))
  })

  test("depends on the stage, its version, its code and what it declares to depend on", () => {
    const input = { seed: 1 }
    const keyWith = (change: Partial<Task["stage"]>) => keyOf(input, { stage: { ...grow, ...change } })
    const module = { file: "/bundle.js", source: "blur.ts", digest: "one" }
    const keys = [
      keyWith({}),
      keyWith({ name: "test/other" }),
      keyWith({ version: 2 }),
      keyWith({ module }),
      keyWith({ module: { ...module, digest: "two" } }),
      keyWith({ environment: ["tensor-backend"] }),
      keyOf(input, { environment: { MODE: "fast" } }),
      keyOf(input, { environment: { MODE: "slow" } }),
      keyOf(input, { environment: { OTHER: "fast" } }),
      keyOf({ ...input, "env.MODE": "fast" }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    const elsewhere = keyWith({ module: { ...module, file: "/elsewhere.js", source: "./blur.ts" } })
    expect(elsewhere).toBe(keyWith({ module }))
  })
})

/** A stage that once called its output otherwise. */
const renamed = (output: string) =>
  defineStage({
    name: "test/renamed",
    version: 1,
    summary: "Has one output",
    input: Type.Object({}),
    outputs: { [output]: { kind: "file", description: "A file", file: "a.txt" } },
    isolation: "inline",
    run: (_, { outputs }) => Effect.sync(() => writeFileSync(outputs[output] ?? "", "the same")),
  })

test("a result without an output of that name is none", async () => {
  const run = (output: string) =>
    Effect.runPromise(
      Effect.provide(runPipeline(pipeline([task("a", renamed(output), {})])), engine(join(base, "renamed"))),
    )
  const [first] = (await run("one")).tasks
  const [second] = (await run("two")).tasks
  expect([first?.status, second?.status]).toEqual(["succeeded", "succeeded"])
  expect(Object.keys(second?.outputs ?? {})).toEqual(["two"])
  expect((await run("two")).tasks[0]?.status).toBe("cached")
})
