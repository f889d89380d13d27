import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Type } from "typebox"
import { definePipeline } from "../define/index.ts"
import { loadPipeline, type Pipeline } from "../pipeline/index.ts"
import { engine, makeFolder, node, removeFolder } from "../run/fixtures/engine.ts"
import { registry } from "../run/fixtures/stages.ts"
import { runPipeline } from "../run/index.ts"
import { artefact, defineStage } from "../stage/index.ts"
import { makeStageLoader, stageFromFile } from "./index.ts"

const root = makeFolder()
afterAll(() => removeFolder(root))

const options = { node, folder: join(root, "modules"), conditions: ["source"] }
const loadStage = makeStageLoader(options)

let folder = ""
let count = 0
beforeEach(() => {
  folder = join(root, `${++count}`)
  mkdirSync(join(folder, "stages"), { recursive: true })
})

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

const SHOUT = readFileSync(join(import.meta.dirname, "fixtures", "shout.ts.txt"), "utf8")

const writeShout = (): void => {
  write("stages/shout.ts", SHOUT)
  write("stages/louder.ts", "export const louder = (text: string): string => text.toUpperCase()\n")
}

const document = (uses: string, text = "hi"): string => `version: 1
name: loud
stages:
  shout: { uses: ${uses}, with: { text: ${text} } }
  again: { uses: ${uses}, with: { text: ${text}2, after: "\${{ stages.shout.outputs.shout }}" } }
outputs: { shout: "\${{ stages.shout.outputs.shout }}", again: "\${{ stages.again.outputs.shout }}" }
`

const load = (text: string) => {
  write("main.yaml", text)
  return loadPipeline("main.yaml", { registry, loadStage, workingFolder: folder })
}

const mistakesOf = (text: string) =>
  load(text).pipe(
    Effect.flip,
    Effect.map((error) => error.message),
    Effect.provide(NodeServices.layer),
  )

const run = (pipeline: Pipeline) => runPipeline(pipeline, { resultsFolder: join(folder, "results") })
const result = (name: string): string => readFileSync(join(folder, "results", name), "utf8")

describe("a stage from a file", () => {
  it.live("runs in a host, with its input checked and completed, and its outputs used by others", () =>
    Effect.gen(function* () {
      writeShout()
      const pipeline = yield* load(document("./stages/shout.ts"))
      assert.strictEqual(pipeline.tasks[0]?.stage.isolation, "host")
      assert.deepInclude(pipeline.tasks[0]?.input, { times: 2 })
      const summary = yield* run(pipeline)
      assert.strictEqual(summary.status, "succeeded", JSON.stringify(summary.tasks))
      const [text, pid] = result("shout.txt").split(/ (?=\d+$)/)
      assert.strictEqual(text, "HIHI!shout.ts stages")
      assert.notStrictEqual(Number(pid), process.pid)
    }).pipe(Effect.provide(engine(folder)), Effect.provide(NodeServices.layer)),
  )

  it.live("runs again when it or what it imports changes, in the version that it has then", () =>
    Effect.gen(function* () {
      writeShout()
      const states = Effect.gen(function* () {
        const summary = yield* run(yield* load(document("./stages/shout.ts")))
        return summary.tasks.map(({ status, reason }) => reason ?? status)
      })
      assert.deepStrictEqual(yield* states, ["never ran", "never ran"])
      assert.deepStrictEqual(yield* states, ["cached", "cached"])
      const bundles = statSync(options.folder).mtimeMs
      assert.deepStrictEqual(yield* states, ["cached", "cached"])
      assert.strictEqual(statSync(options.folder).mtimeMs, bundles)
      write("stages/louder.ts", "export const louder = (text: string): string => text + text\n")
      const again = yield* states
      assert.match(again[0] ?? "", /^source .*stages\/shout\.ts changed$/)
      assert.match(result("shout.txt"), /^hihihihi!/)
      appendFileSync(join(folder, "stages/shout.ts"), "// changed\n")
      assert.match((yield* states)[0] ?? "", /^source .*stages\/shout\.ts changed$/)
    }).pipe(Effect.provide(engine(folder)), Effect.provide(NodeServices.layer)),
  )

  it.live("fails as any stage does", () =>
    Effect.gen(function* () {
      writeShout()
      const failed = yield* run(yield* load(document("./stages/shout.ts", "nothing")))
      assert.deepInclude(failed.tasks[0]?.failure, {
        reason: "permanent",
        message: "there is nothing to shout",
        hint: "say something",
      })
      const died = yield* run(
        yield* load(document("./stages/shout.ts", "die").replaceAll("with:", "retry: 1, with:")),
      )
      assert.strictEqual(died.tasks[0]?.failure?.reason, "crash")
    }).pipe(Effect.provide(engine(folder)), Effect.provide(NodeServices.layer)),
  )

  it.live("has its uses checked like those of any stage", () =>
    Effect.gen(function* () {
      writeShout()
      const said = yield* mistakesOf(
        document("./stages/shout.ts")
          .replace("{ text: hi }", "{ txt: hi, times: 1.5 }")
          .replace('outputs.shout }}" } }', 'outputs.shot }}" } }'),
      )
      assert.match(said, /main\.yaml:4:\d+: error: unknown input `txt` of `text\/shout`/)
      assert.match(said, /input `times` of `text\/shout` must be a whole number, not 1\.5/)
      assert.match(said, /stage `shout` \(text\/shout\) has no output `shot`/)
    }),
  )
})

const FAULTY: ReadonlyArray<readonly [what: string, text: string, said: RegExp, place?: string]> = [
  ["a syntax error", "export default {\n  a: 1 +\n}\n", /unexpected "}"/, "3:1"],
  ["no default export", "export const a = 1\n", /has no default export/],
  ["what is no stage", "export default 7\n", /its default export is no stage\n/],
  ["half a stage", 'export default { name: "a/b", run() {} }\n', /is no stage: .*version/],
  [
    "an import of nothing",
    'import "./gone.ts"\nexport default 1\n',
    /could not resolve "\.\/gone\.ts"/,
    "1:8",
  ],
  [
    "an import of no package",
    'import "no-such-package"\nexport default 1\n',
    /there is no package `no-such-package`/,
    "1:8",
  ],
  ["an error", 'const a = 1\nthrow new Error("no network")\n', /importing it fails: no network/, "2:7"],
  ["an end", "process.exit(4)\n", /the process that imports it ended with code 4/],
  [
    "a bad schema",
    `export default { name: "a/b", version: 1, summary: "", isolation: "host", outputs: {}, run() {},
      input: { type: "object", properties: { a: { type: "wrong" } } } }\n`,
    /the schema of its input can't be used: .*type/,
  ],
  [
    "an output out of its place",
    `export default { name: "a/b", version: 1, summary: "", isolation: "host", run() {},
      outputs: { a: { kind: "a", description: "", file: "../a" } }, input: { type: "object", properties: {} } }\n`,
    /is no stage: .*file/,
  ],
]

describe("a file with", () => {
  for (const [what, text, said, place] of FAULTY) {
    it.live(`${what} is told at its \`uses\`, with its own place`, () =>
      Effect.gen(function* () {
        write("stages/bad.ts", text)
        const message = yield* mistakesOf("version: 1\nstages: { bad: { uses: ./stages/bad.ts } }\n")
        assert.match(message, /^main\.yaml:2:24: error: `\.\/stages\/bad\.ts` can't be used: /)
        assert.match(message, said)
        assert.notMatch(message, /^ +at /m)
        if (place !== undefined) assert.include(message, `\n  stages/bad.ts:${place}: it is here`)
      }),
    )
  }

  it.live("no content at all, for it isn't there, is told too", () =>
    Effect.gen(function* () {
      const message = yield* mistakesOf("version: 1\nstages: { bad: { uses: ./stages/bad.ts } }\n")
      assert.match(message, /`\.\/stages\/bad\.ts` can't be used: there is no such file\n/)
    }),
  )
})

describe("a package", () => {
  const install = (): void => {
    write(
      "node_modules/diva-pipeline-loud/package.json",
      '{ "name": "diva-pipeline-loud", "version": "1.2.0", "type": "module", "exports": "./src/index.js" }',
    )
    const plain = SHOUT.replace('enum Sign { Mark = "!" }', 'const Sign = { Mark: "!" }')
    write("node_modules/diva-pipeline-loud/src/shout.js", plain.replace("louder.ts", "louder.js"))
    write(
      "node_modules/diva-pipeline-loud/src/louder.js",
      "export const louder = (text) => text.toUpperCase()\n",
    )
    write(
      "node_modules/diva-pipeline-loud/src/index.js",
      'import shout from "./shout.js"\nexport default [shout]\n',
    )
  }

  it.live("gives stages by their names, and its version and code are part of their keys", () =>
    Effect.gen(function* () {
      install()
      const states = Effect.gen(function* () {
        const summary = yield* run(yield* load(document("package:diva-pipeline-loud/shout")))
        return summary.tasks.map(({ status, reason }) => reason ?? status)
      })
      assert.deepStrictEqual(yield* states, ["never ran", "never ran"])
      assert.deepStrictEqual(yield* states, ["cached", "cached"])
      const manifest = join(folder, "node_modules/diva-pipeline-loud/package.json")
      writeFileSync(manifest, readFileSync(manifest, "utf8").replace("1.2.0", "1.3.0"))
      assert.match((yield* states)[0] ?? "", /diva-pipeline-loud 1\.2\.0 → diva-pipeline-loud 1\.3\.0/)
    }).pipe(Effect.provide(engine(folder)), Effect.provide(NodeServices.layer)),
  )

  it.live("that is missing, lacks a stage, or is named wrongly is told", () =>
    Effect.gen(function* () {
      const uses = (name: string) => mistakesOf(`version: 1\nstages: { a: { uses: "${name}" } }\n`)
      assert.match(
        yield* uses("package:diva-pipeline-loud/shout"),
        /can't be used: there is no package `diva-pipeline-loud`\n[\s\S]*hint: install it/,
      )
      install()
      assert.match(
        yield* uses("package:diva-pipeline-loud/shoot"),
        /diva-pipeline-loud 1\.2\.0 has no stage `shoot`\n[\s\S]*did you mean `shout`/,
      )
      assert.match(yield* uses("package:diva-pipeline-loud"), /it names no package and stage/)
    }),
  )
})

/** What a program that imports the file has of it. */
const shout = defineStage({
  name: "text/shout",
  version: 1,
  summary: "Shouts a text",
  input: Type.Object({
    text: Type.String({ minLength: 1 }),
    after: Type.Optional(artefact("text")),
    times: Type.Integer({ default: 2 }),
  }),
  outputs: { shout: { kind: "text", description: "The text", file: "shout.txt" } },
  resources: { memory: 64 },
  isolation: "inline",
  run: () => Effect.die("it runs in the program"),
})

describe("a stage that a program imports from its file", () => {
  it.live("has the key of the same stage in a document", () =>
    Effect.gen(function* () {
      writeShout()
      const written = yield* run(yield* load(document("./stages/shout.ts")))
      const apart = yield* stageFromFile(shout, join(folder, "stages/shout.ts"), options)
      const defined = yield* definePipeline({ name: "loud" }, (p) => {
        const first = p.stage("shout", apart, { text: "hi" })
        const second = p.stage("again", apart, { text: "hi2", after: first.outputs.shout })
        return { shout: second.outputs.shout }
      }).pipe(Effect.flatMap(run))
      assert.deepStrictEqual(defined.tasks.map(({ status }) => status).slice(0, 2), ["cached", "cached"])
      assert.deepStrictEqual(defined.tasks[0]?.outputs, written.tasks[0]?.outputs)
    }).pipe(Effect.provide(engine(folder)), Effect.provide(NodeServices.layer)),
  )
})
