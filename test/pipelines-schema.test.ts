// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { languageSchema, makeRegistry, makeStageLoader, readUsedStages } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { NodeServices } from "@effect/platform-node"
import { Ajv } from "ajv"
import { Effect } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import { parse } from "yaml"

const root = resolve(import.meta.dirname, "..")
const folder = mkdtempSync(join(tmpdir(), "diva-schema-"))
afterAll(() => rmSync(folder, { recursive: true }))

const registry = makeRegistry(stageDefinitions)
// The workspace's own Node imports TypeScript; the tests themselves may run on an older one.
const loadStage = makeStageLoader({
  node: join(root, "node_modules/.bin/node"),
  folder: join(folder, "modules"),
})

const compile = (schema: unknown) => new Ajv({ strict: false, logger: false }).compile(Object(schema))

/** What an editor has to say of a document, by the schema that `schema DOCUMENT` prints. */
const check = async (file: string, text: string) => {
  const found = readUsedStages(file, loadStage, root).pipe(Effect.provide(NodeServices.layer))
  const { used, unusable } = (await Effect.runPromise(found)) ?? { used: [], unusable: ["it can't be read"] }
  const validate = compile(languageSchema(registry, used))
  const isRight = validate(parse(text))
  return { isRight, errors: validate.errors, unusable }
}

/** What common/ holds are parts of pipelines, which have no version of their own. */
const files = globSync(["pipelines/*.yaml", "examples/**/*.yaml", "packages/cli/templates/pipeline/*.yaml"], {
  cwd: root,
})

describe("an editor that follows the schema", () => {
  test.each(files.filter((file) => !file.includes("own-registry")))(
    "finds nothing wrong in %s",
    async (file) => {
      const text = readFileSync(join(root, file), "utf8")
      expect(await check(file, text)).toEqual({ isRight: true, errors: null, unusable: [] })
    },
  )

  const general = compile(languageSchema(registry))

  test.each([
    ["an input that no stage has", { uses: "dataset/scenes", with: { colour: "red" } }],
    ["a value of the wrong type", { uses: "dataset/scenes", with: { count: "many" } }],
    [
      "a value that is none of those there are",
      { uses: "train/diva", with: { model: "m", images: "i", design: 3 } },
    ],
    ["a missing input", { uses: "evaluate/mmvp", with: { model: "m" } }],
    ["a package without a stage", { uses: "package:text-stages" }],
    ["a time limit of a document", { uses: "./other.yaml", timeout: "1h" }],
  ])("marks %s", (_, stage) => {
    expect(general({ version: 1, stages: { stage } })).toBe(false)
  })

  test("takes what it can't know", () => {
    const stages = {
      document: { uses: "./other.yaml", with: { anything: 1 } },
      file: { uses: "./stages/blur.ts", with: { anything: 1 } },
      package: { uses: "package:@me/text-stages/shout", with: { anything: 1 } },
    }
    expect(general({ version: 1, stages })).toBe(true)
  })
})

interface Said {
  readonly description?: string
  readonly default?: unknown
  readonly anyOf?: ReadonlyArray<Said>
  readonly enum?: ReadonlyArray<unknown>
}

describe("the inputs of the stages", () => {
  test.each(stageDefinitions.map((stage) => [stage.name, stage] as const))(
    "of %s are all described",
    (_, stage) => {
      for (const [name, input] of Object.entries(stage.input.properties)) {
        const said: Said = JSON.parse(JSON.stringify(input))
        expect([name, said.description]).toEqual([name, expect.stringMatching(/\S/)])
      }
    },
  )

  test("have their descriptions and defaults once, and their choices as enums", () => {
    const text = JSON.stringify(languageSchema(registry))
    expect(text).toContain(
      '"description":"The seed of those draws","default":0,"anyOf":[{"type":"integer","minimum":0}',
    )
    expect(text).toMatch(/"enum":\["class","all-tokens"/)
  })
})

describe("the schema of one document", () => {
  const BLUR = `import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
export default defineStage({
  name: "image/blur",
  version: 1,
  summary: "Blurs an image",
  input: Type.Object({ image: artefact("image"), radius: Type.Integer({ default: 1 }) }, { additionalProperties: false }),
  outputs: { blurred: { kind: "image", description: "The image, blurred" } },
  isolation: "host",
  run: () => Effect.void,
})
`
  const GROUP = `version: 1
description: One training
imports: [params.yaml]
params:
  model: { type: string, format: path }
  wrong: { tpye: string, default: 1 }
stages: { scenes: { uses: dataset/scenes } }
`
  const RIGHT = `version: 1
params: { radii: { default: [1] } }
stages:
  blur: { uses: ./stages/blur.ts, with: { image: cat.png, radius: 2 } }
  again: { uses: ./stages/blur.ts, with: { image: "\${{ stages.blur.outputs.blurred }}", radius: "\${{ params.radii }}" } }
  group: { uses: ./group.yaml, with: { model: weights, view: class, wrong: [1] } }
  scenes: { uses: dataset/scenes }
`
  mkdirSync(join(folder, "stages"))
  writeFileSync(join(folder, "stages/blur.ts"), BLUR)
  writeFileSync(join(folder, "group.yaml"), GROUP)
  writeFileSync(join(folder, "params.yaml"), "params: { view: { enum: [class, all], default: class } }\n")

  const checkText = (text: string) => {
    writeFileSync(join(folder, "document.yaml"), text)
    return check(join(folder, "document.yaml"), text)
  }

  test("knows its stages from files and the params of the documents that it uses", async () => {
    expect(await checkText(RIGHT)).toEqual({ isRight: true, errors: null, unusable: [] })
  })

  test.each([
    ["an unknown input of a stage from a file", "radius: 2", "raduis: 2"],
    ["a wrong input of a stage from a file", "radius: 2", "radius: wide"],
    ["a missing input of a stage from a file", "image: cat.png, ", ""],
    ["an unknown param of a document", "view: class", "veiw: class"],
    ["a wrong param of a document", "view: class", "view: some"],
    ["a missing param of a document", "model: weights, ", ""],
  ])("marks %s", async (_, right, wrong) => {
    expect(RIGHT).toContain(right)
    expect(await checkText(RIGHT.replace(right, wrong))).toMatchObject({ isRight: false, unusable: [] })
  })

  test("leaves out what can't be used, and says so", async () => {
    const { isRight, unusable } = await checkText(RIGHT.replace("./stages/blur.ts", "./stages/blurr.ts"))
    expect(isRight).toBe(true)
    expect(unusable).toEqual(["`./stages/blurr.ts` can't be used: there is no such file"])
  })
})
