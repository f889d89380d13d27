// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { Ajv } from "ajv"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { registry } from "./fixture.ts"
import { languageSchema } from "./language-schema.ts"

const compile = () => {
  const schema = languageSchema(registry)
  if (typeof schema !== "object" || schema === null) throw new Error("not a schema")
  return new Ajv({ strict: false, logger: false }).compile(schema)
}

const RIGHT = `
version: 1
imports: [common/weights.yaml]
params:
  seeds: { type: array, items: { type: integer }, default: [1, 2] }
env: { ROOT: { default: /data } }
secrets: [A_TOKEN]
pools: { licence: 2 }
profiles: { quick: { stages: { train: { retry: 1, cache: null } } } }
stages:
  scenes: { uses: dataset/scenes }
  group: { uses: ./one.yaml, foreach: cases.csv, with: { anything: 1 } }
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
    resources: { cpu: "\${{ params.cpu }}", memory: [4GB, 8GB], licence: 1 }
    env: { THREADS: 2 }
    secrets: [B_TOKEN]
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
  ["a bad size", "[4GB, 8GB]", "[4, 8]"],
  ["a share of a pool that isn't a number", "licence: 1", "licence: one"],
  ["a bad variable", "THREADS: 2", "THREADS: [2]"],
  ["a bad declaration", "default: /data", "defualt: /data"],
  ["a secret that is no name", "[A_TOKEN]", "[A-TOKEN]"],
  ["an empty pool", "licence: 2", "licence: 0"],
  ["an unknown key in a profile", "{ retry: 1,", "{ rerty: 1,"],
  ["cases that are no path", "foreach: cases.csv", "foreach: [1]"],
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
