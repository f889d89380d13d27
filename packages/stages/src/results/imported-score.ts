import { type Static, Type } from "typebox"
import { Value } from "typebox/value"

const importedScore = Type.Object(
  {
    model: Type.String(),
    benchmark: Type.String(),
    kind: Type.Union([Type.Literal("zero-shot"), Type.Literal("retrieval")]),
    metric: Type.String(),
    value: Type.Number({ minimum: 0, maximum: 1 }),
    /** Images, where the catalogue of benchmarks knows them. */
    n: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The file that it was read from. */
    source: Type.String(),
  },
  { additionalProperties: false },
)

/** A score that another program has told: without a record of answers, and so without an interval. */
export type ImportedScore = Static<typeof importedScore>

const ImportedFile = Type.Object({ format: Type.Literal(1), scores: Type.Array(importedScore) })

/** The text of `imported.json`. */
export const encodeImported = (scores: ReadonlyArray<ImportedScore>): string =>
  `${JSON.stringify({ format: 1, scores }, null, 1)}\n`

/** Results that can't be read, and why. */
export class ResultsError extends Error {}

/** Reads `imported.json`. */
export const decodeImported = (text: string): ReadonlyArray<ImportedScore> => {
  const value: unknown = JSON.parse(text)
  if (!Value.Check(ImportedFile, value)) throw new ResultsError("the file holds no imported results")
  return value.scores
}
