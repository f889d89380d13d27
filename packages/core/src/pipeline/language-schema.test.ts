// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { Ajv } from "ajv"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { registry } from "./fixture.ts"
import { languageSchema } from "./language-schema.ts"

const compile = () => {
  const schema = languageSchema(registry)
  if (typeof schema !== "object" || schema === null) throw new Error("not a schema")
  return new Ajv({ strict: false }).compile(schema)
}

const RIGHT = `
version: 1
imports: [common/weights.yaml]
params:
  seeds: { type: array, items: { type: integer }, default: [1, 2] }
stages:
  scenes: { uses: dataset/scenes }
  train:
    uses: train/diva
    matrix: { seed: "\${{ params.seeds }}", view: [class], include: [{ seed: 3 }] }
    with:
      model: "\${{ stages.weights.outputs.weights }}"
      images: data/images
      seed: "\${{ matrix.seed }}"
      learning-rate: 0.5
    needs: scenes
    when: "\${{ params.seeds != 1 }}"
    retry: 3
    timeout: 30m
    resources: { cpu: "\${{ params.cpu }}", memory: 4GB }
    cache: false
  report:
    uses: report/summary
    with: { models: "\${{ stages.train.outputs.model }}" }
outputs:
  report: \${{ stages.report.outputs.report }}
`

test("takes documents that are right", () => {
  const validate = compile()
  expect([validate(parse(RIGHT)), validate.errors]).toEqual([true, null])
})

test.each([
  ["an unknown key", "cache: false", "cahce: false"],
  ["an unknown stage", "uses: dataset/scenes", "uses: dataset/scenez"],
  ["an unknown input", "learning-rate: 0.5", "learning-rat: 0.5"],
  ["an input of the wrong type", "learning-rate: 0.5", "learning-rate: fast"],
  ["a missing input", "images: data/images", "note: x"],
  ["a missing `with`", "    with: { models:", "    x-with: { models:"],
  ["a bad count of attempts", "retry: 3", "retry: 0"],
  ["another version", "version: 1", "version: 2"],
])("refuses %s", (_, right, wrong) => {
  const validate = compile()
  expect(RIGHT).toContain(right)
  expect(validate(parse(RIGHT.replace(right, wrong)))).toBe(false)
})

test("describes stages and inputs for editors", () => {
  const text = JSON.stringify(languageSchema(registry))
  expect(text).toContain('{"const":"train/diva","description":"Trains"}')
  expect(text).toContain("Learning rate")
})
