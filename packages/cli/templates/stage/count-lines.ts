import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { artefact, defineStage, permanent } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

export default defineStage({
  name: "own/count-lines",
  // Changes of this file and of what it imports relatively are noticed; raise the version when a package gives other results.
  version: 1,
  summary: "Counts the lines of the text files in a folder",
  input: Type.Object(
    {
      // An artefact is a path of the user's or the output of another stage; `any` takes every kind.
      files: artefact("any", { description: "A folder with text files" }),
      longest: Type.Integer({ default: 100, minimum: 1, description: "Lines longer than this are too long" }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    // Without `file` an output is a folder.
    counts: { kind: "line-counts", description: "Lines, and those too long, by file", file: "counts.json" },
  },
  isolation: "host",
  run: ({ files, longest }, context) =>
    Effect.gen(function* () {
      const names = readdirSync(files, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort()
      if (names.length === 0) return yield* permanent("there are no files in the folder", { file: files })
      const counts: Record<string, { lines: number; tooLong: number }> = {}
      for (const [index, name] of names.entries()) {
        const lines = readFileSync(join(files, name), "utf8").trimEnd().split("\n")
        counts[name] = { lines: lines.length, tooLong: lines.filter((line) => line.length > longest).length }
        context.progress({ done: index + 1, total: names.length, unit: "files" })
      }
      writeFileSync(context.outputs.counts, `${JSON.stringify(counts, null, 2)}\n`)
    }),
})
