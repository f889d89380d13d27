import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** The least that a stage can do: one small file from another. What is measured is the engine around it. */
const copy = defineStage({
  name: "bench/copy",
  version: 1,
  summary: "Copies a file",
  input: Type.Object({ from: artefact("any") }),
  outputs: { file: { kind: "any", description: "The copy", file: "file.txt" } },
  isolation: "inline",
  run: ({ from }, context) => Effect.sync(() => copyFileSync(from, context.outputs.file)),
})

/** As little, from a number: for pipelines too large to have a file for each task. */
const number = defineStage({
  name: "bench/number",
  version: 1,
  summary: "Writes a number",
  input: Type.Object({ series: Type.Integer(), value: Type.Integer() }),
  outputs: { file: { kind: "any", description: "The number", file: "number.txt" } },
  isolation: "inline",
  run: ({ series, value }, context) =>
    Effect.sync(() => writeFileSync(context.outputs.file, `${series} ${value}`)),
})

/** A large file of a block that is repeated. */
const large = defineStage({
  name: "bench/large",
  version: 1,
  summary: "Writes a large file",
  input: Type.Object({ block: artefact("any"), blocks: Type.Integer() }),
  outputs: { file: { kind: "any", description: "The file", file: "large.bin" } },
  isolation: "inline",
  run: ({ block, blocks }, context) =>
    Effect.sync(() => {
      const bytes = readFileSync(block)
      for (let index = 0; index < blocks; index++)
        writeFileSync(context.outputs.file, bytes, { flag: index === 0 ? "w" : "a" })
    }),
})

/** The stages of the benchmark. */
export const benchStages = [copy, number, large]
