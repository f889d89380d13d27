// examples/own-registry/stages.ts
import { readFileSync, writeFileSync } from "node:fs"
import { artefact, defineStage, makeRegistry, stageDefinitions } from "diva-pipeline"
import { Effect } from "effect"
import { Type } from "typebox"

export const numbers = defineStage({
  name: "own/numbers",
  version: 1,
  summary: "The numbers up to another one",
  input: Type.Object({ count: Type.Integer({ minimum: 1, default: 3, description: "How many" }) }),
  outputs: { numbers: { kind: "numbers", description: "A number a line", file: "numbers.txt" } },
  isolation: "inline",
  run: ({ count }, context) =>
    Effect.sync(() => {
      const lines = Array.from({ length: count }, (_, index) => `${index + 1}\n`)
      writeFileSync(context.outputs.numbers, lines.join(""))
    }),
})

export const total = defineStage({
  name: "own/total",
  version: 1,
  summary: "The sum of numbers",
  input: Type.Object({ numbers: artefact("numbers", { description: "A number a line" }) }),
  outputs: { total: { kind: "number", description: "Their sum", file: "total.txt" } },
  isolation: "host",
  run: (input, context) =>
    Effect.sync(() => {
      const numbers = readFileSync(input.numbers, "utf8").trim().split("\n").map(Number)
      writeFileSync(context.outputs.total, `${numbers.reduce((sum, number) => sum + number, 0)}\n`)
    }),
})

/** The project's stages, and these. */
export const registry = makeRegistry([...stageDefinitions, numbers, total])
