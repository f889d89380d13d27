import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { languageSchema, makeRegistry } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { Ajv } from "ajv"
import { expect, test } from "vitest"
import { parse } from "yaml"

const pipelines = resolve(import.meta.dirname, "../pipelines")
const validate = new Ajv({ strict: false, logger: false }).compile(
  Object(languageSchema(makeRegistry(stageDefinitions))),
)

/** What common/ holds are parts of pipelines, which have no version of their own. */
const files = readdirSync(pipelines).filter((file) => file.endsWith(".yaml"))

test.each(files)("an editor that follows the schema finds nothing wrong in %s", (file) => {
  const document: unknown = parse(readFileSync(join(pipelines, file), "utf8"))
  expect([validate(document), validate.errors]).toEqual([true, null])
})

test("and marks an input that no stage has", () => {
  const stages = { scenes: { uses: "dataset/scenes", with: { colour: "red" } } }
  expect(validate({ version: 1, stages })).toBe(false)
})
