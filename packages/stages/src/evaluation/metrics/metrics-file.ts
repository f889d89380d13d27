import { type Static, Type } from "typebox"
import { Value } from "typebox/value"

const share = Type.Number({ minimum: 0, maximum: 1 })
const interval = Type.Object({ low: share, high: share }, { additionalProperties: false })
const byMetric = Type.Record(Type.String(), share)

const part = Type.Object(
  { name: Type.String(), n: Type.Integer({ minimum: 0 }), value: share, interval: Type.Optional(interval) },
  { additionalProperties: false },
)

const items = Type.Object(
  {
    /** SHA-256 of the items' names and right answers in order: files of one digest can be compared item by item. */
    digest: Type.String(),
    /**
     * Sizes of consecutive runs of items: categories of pairs, captions of one image, and classes, by which the items of
     * `mean_per_class_recall` are ordered.
     */
    groups: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }))),
    /** For each metric and each draw one character an item: 1 right, 0 wrong. */
    outcomes: Type.Record(Type.String(), Type.Array(Type.String({ pattern: "^[01]*$" }))),
    /**
     * Of metrics that are no mean over items: the metric in resamples of the items. In files of one digest and one number
     * of resamples, those of one place are of the same items, so that their differences are paired.
     */
    resamples: Type.Optional(Type.Record(Type.String(), Type.Array(share))),
  },
  { additionalProperties: false },
)

/** `metrics.json`: what an evaluation writes and the report reads. All values are shares in 0…1. */
export const MetricsFile = Type.Object(
  {
    kind: Type.Union([Type.Literal("zero-shot"), Type.Literal("retrieval"), Type.Literal("mmvp")]),
    benchmark: Type.String(),
    model: Type.Optional(Type.String()),
    view: Type.Union([Type.Literal("class"), Type.Literal("all-tokens"), Type.Literal("original")]),
    /** The set of prompts that classes were described by. */
    prompts: Type.Optional(Type.String()),
    /** How many times the view's random tokens were drawn; values are means over the draws. */
    draws: Type.Integer({ minimum: 1 }),
    n: Type.Integer({ minimum: 1 }),
    /** What is odd in the data, in sentences. */
    flags: Type.Optional(Type.Array(Type.String())),
    metrics: byMetric,
    intervals: Type.Record(Type.String(), interval),
    /** Standard deviation over the draws, when there are several. */
    spread: Type.Optional(Type.Record(Type.String(), Type.Number({ minimum: 0 }))),
    /** What guessing gets. */
    chance: byMetric,
    per_class: Type.Optional(Type.Array(part)),
    per_category: Type.Optional(Type.Array(part)),
    /** Each pair with the share of draws in which it was right. */
    pairs: Type.Optional(
      Type.Array(
        Type.Object(
          { pair: Type.String(), category: Type.String(), right: share },
          { additionalProperties: false },
        ),
      ),
    ),
    items,
  },
  { additionalProperties: false },
)

export type Metrics = Static<typeof MetricsFile>
/** One class or category of a benchmark. */
export type Part = Static<typeof part>

/** A metrics file that can't be used, and why. */
export class MetricsFileError extends Error {}

/** Decimals that are kept: enough for any count, too few for the last bits in which backends differ. */
const DECIMALS = 6

const round = (value: number): number => Number(value.toFixed(DECIMALS))

const rounded = (value: unknown): unknown => {
  if (typeof value === "number") return round(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, rounded(inner)]),
  )
}

/** The file's text: keys in the schema's order, numbers rounded to six decimals. */
export const encodeMetrics = (metrics: Metrics): string => {
  const order = Object.keys(MetricsFile.properties)
  const entries = Object.entries(metrics).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
  return `${JSON.stringify(rounded(Object.fromEntries(entries)), null, 2)}\n`
}

/**
 * Reads a metrics file's text.
 *
 * @throws MetricsFileError when the text is not JSON or not of this format
 */
export const decodeMetrics = (text: string): Metrics => {
  const value = parse(text)
  if (!Value.Check(MetricsFile, value)) {
    const [error] = Value.Errors(MetricsFile, value)
    throw new MetricsFileError(
      `${error?.instancePath || "the file"} ${error?.message ?? "is not as expected"}`,
    )
  }
  checkOutcomes(value)
  return value
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new MetricsFileError("the file is not JSON")
  }
}

const checkOutcomes = ({ items, draws }: Metrics): void => {
  for (const [metric, lists] of Object.entries(items.outcomes)) {
    const [first = ""] = lists
    if (lists.length !== draws || lists.some((list) => list.length !== first.length || list.length === 0))
      throw new MetricsFileError(`/items/outcomes/${metric} needs ${draws} lists of the same length`)
  }
}
