import type { StageContext } from "@diva-pipeline/core"
import type { Metrics } from "../evaluation/metrics/index.ts"
import { compareMetric, type Row } from "./differences.ts"
import { kindOrder, measuresOf } from "./measures.ts"
import { compareParts, type PartRow } from "./parts.ts"
import { correctTogether } from "./verdict.ts"

/** Where a metrics file comes from, as far as the engine knows. */
export type Origin = StageContext["origins"][string]

/** A metrics file and where it comes from. */
export interface Measured {
  readonly metrics: Metrics
  readonly origin: Origin | undefined
}

export interface Sides<A> {
  readonly before: A
  readonly after: A
}

/** One model on one benchmark, seen in one view of the image feature. */
export interface Cell {
  /** Unique in the report, and fit for a link. */
  readonly id: string
  /** Benchmark and view, with the model where the report has several. */
  readonly name: string
  readonly kind: Metrics["kind"]
  readonly benchmark: string
  readonly view: Metrics["view"]
  /** The model's label, where its metrics have one. */
  readonly model: string | undefined
  /** The label of the model before, where it is another one. */
  readonly baseline: string | undefined
  /** The set of prompts that classes were described by, where it is known. */
  readonly prompts: string | undefined
  readonly n: number
  /** How many files, of runs with seeds of their own, are behind each side. */
  readonly runs: Sides<number>
  /** False when before and after were measured on different items. */
  readonly sameItems: boolean
  readonly rows: ReadonlyArray<Row>
  readonly parts: ReadonlyArray<PartRow>
  readonly origins: Sides<ReadonlyArray<Origin>>
  /** What is odd in the data, in sentences. */
  readonly flags: ReadonlyArray<string>
  /** Metrics that are not told because they come without an interval. */
  readonly untold: ReadonlyArray<string>
}

/** What makes a file belong to a cell. */
interface Place {
  readonly kind: Metrics["kind"]
  readonly benchmark: string
  readonly view: Metrics["view"]
  readonly model: string | undefined
  readonly prompts: string | undefined
}

const placeOf = ({ metrics: { kind, benchmark, view, model, prompts } }: Measured): Place => ({
  kind,
  benchmark,
  view,
  model,
  prompts,
})

const keyOf = ({ kind, benchmark, view, model, prompts }: Place): string =>
  JSON.stringify([kind, benchmark, view, model, prompts])

/**
 * Puts metrics files into cells and compares the sides of each. A model is compared with the one of its own label; where
 * there is a single model on the side before, it is what all others come from.
 *
 * @param margin within which a score counts as preserved
 */
export const makeCells = (sides: Sides<ReadonlyArray<Measured>>, margin: number): ReadonlyArray<Cell> => {
  const baselines = new Set(sides.before.map(({ metrics }) => metrics.model))
  const rename = baselines.size === 1 && sides.after.length > 0
  const places = new Map<string, Place>()
  for (const file of sides.after) places.set(keyOf(placeOf(file)), placeOf(file))
  const unmatched = sides.before.map(placeOf).filter((place) => !isCovered(place, places, rename))
  for (const place of unmatched) places.set(keyOf(place), place)
  const names = nameAll([...places.values()])
  const cells = [...places.values()].map((place, index) =>
    makeCell(place, { id: `cell-${index + 1}`, name: names.get(keyOf(place)) ?? "" }, margin, {
      before: sides.before.filter((file) => isOf(file, place, rename)),
      after: sides.after.filter((file) => isOf(file, place, false)),
    }),
  )
  return correctTogether(cells.sort((a, b) => kindOrder(a.kind) - kindOrder(b.kind)))
}

/** Names the cells: with their models and prompts where there are several, with the view where it isn't the usual one. */
const nameAll = (places: ReadonlyArray<Place>): ReadonlyMap<string, string> => {
  const models = new Set(places.map(({ model }) => model))
  return new Map(
    places.map((place) => {
      const { kind, benchmark, view, model, prompts } = place
      const alike = places.filter((other) => other.kind === kind && other.benchmark === benchmark)
      const severalPrompts = new Set(alike.map((other) => other.prompts)).size > 1
      const name = [
        ...(models.size > 1 && model !== undefined ? [`${model}, `] : []),
        benchmark,
        ...(severalPrompts && prompts !== undefined ? [`, ${prompts} prompts`] : []),
        ...(view === "class" ? [] : [` (${view} view)`]),
      ].join("")
      return [keyOf(place), name]
    }),
  )
}

const isOf = (file: Measured, place: Place, whateverModel: boolean): boolean =>
  keyOf(whateverModel ? { ...placeOf(file), model: place.model } : placeOf(file)) === keyOf(place)

const isCovered = (place: Place, places: ReadonlyMap<string, Place>, whateverModel: boolean): boolean =>
  [...places.values()].some((other) =>
    whateverModel ? keyOf({ ...place, model: other.model }) === keyOf(other) : keyOf(place) === keyOf(other),
  )

const makeCell = (
  { kind, benchmark, view, model, prompts }: Place,
  named: Pick<Cell, "id" | "name">,
  margin: number,
  sides: Sides<ReadonlyArray<Measured>>,
): Cell => {
  const files = { before: metricsOf(sides.before), after: metricsOf(sides.after) }
  const all = [...files.before, ...files.after]
  const [first] = all
  const baseline = files.before[0]?.model
  const sameItems = all.every(({ items }) => items.digest === first?.items.digest)
  const measures = measuresOf(kind, new Set(all.flatMap(({ metrics }) => Object.keys(metrics))), benchmark)
  const comparing = { sameItems, margin, names: [benchmark, view, model ?? "", prompts ?? ""] }
  const rows = measures.map((measure) => compareMetric(files, measure, comparing))
  return {
    ...named,
    kind,
    benchmark,
    view,
    model,
    baseline: baseline === model ? undefined : baseline,
    prompts,
    n: first?.n ?? 0,
    runs: { before: files.before.length, after: files.after.length },
    sameItems,
    rows: rows.filter(({ before, after }) => before !== undefined || after !== undefined),
    parts: compareParts(files, comparing),
    origins: { before: originsOf(sides.before), after: originsOf(sides.after) },
    flags: [...new Set(all.flatMap(({ flags = [] }) => flags))],
    untold: rows.flatMap(({ measure, before, after }) =>
      (before ?? after) === undefined ? [measure.title] : [],
    ),
  }
}

const metricsOf = (files: ReadonlyArray<Measured>): ReadonlyArray<Metrics> =>
  files.map(({ metrics }) => metrics)

const originsOf = (files: ReadonlyArray<Measured>): ReadonlyArray<Origin> =>
  files.flatMap(({ origin }) => origin ?? [])
