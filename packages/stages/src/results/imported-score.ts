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

/** What a file of results holds, and what of it was passed over. */
export interface ReadResults {
  readonly scores: ReadonlyArray<ImportedScore>
  /** In words. */
  readonly leftOut: ReadonlyArray<string>
}

/**
 * A share in 0…1; undefined where a table is empty.
 *
 * @param where what the error names: a score that is no number is refused, and not silently missing
 */
export const shareOf = (given: unknown, where: string): number | undefined => {
  if (given === undefined || given === null) return undefined
  if (typeof given === "string" && given.trim() === "") return undefined
  const value = typeof given === "string" ? Number(given) : given
  if (typeof value === "number" && value >= 0 && value <= 1) return value
  throw new ResultsError(`${where} is ${JSON.stringify(given)}, which is no share between 0 and 1`)
}

/** Tables round to four decimals. */
const SAME = 0.00011

/**
 * Every score once: the same result is often in several tables.
 *
 * @throws ResultsError when two results of one model, benchmark and metric differ: which of them is meant can't be known
 */
export const withoutRepetition = (scores: ReadonlyArray<ImportedScore>): ReadonlyArray<ImportedScore> => {
  const kept = new Map<string, ImportedScore>()
  for (const score of scores) {
    const { model, benchmark, metric, value, source } = score
    const place = JSON.stringify([model, benchmark, metric])
    const other = kept.get(place)
    if (other !== undefined && Math.abs(other.value - value) > SAME)
      throw new ResultsError(
        `${model} has two results of ${metric} on ${benchmark}: ${other.value} (${other.source}) and ${value} (${source})`,
      )
    if (other === undefined) kept.set(place, score)
  }
  return [...kept.values()]
}

/** Reads `imported.json`. */
export const decodeImported = (text: string): ReadonlyArray<ImportedScore> => {
  const value: unknown = JSON.parse(text)
  if (!Value.Check(ImportedFile, value)) throw new ResultsError("the file holds no imported results")
  return value.scores
}
