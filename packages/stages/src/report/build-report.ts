import { permanent, type StageContext } from "@diva-pipeline/core"
import { Effect } from "effect"
import { type Measured, makeCells } from "./cells.ts"
import { attempt, readImported, readMetrics, readTraining } from "./read-sources.ts"
import type { Report } from "./report.ts"

/** What a report is made of: paths of metrics files and of what else it shows. */
export interface ReportSources {
  readonly title: string
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
  /** Percentage points within which a score counts as preserved. */
  readonly margin?: number
  readonly training?: string
  /** A pairs benchmark, for pictures of the pairs whose answer changed. */
  readonly pairs?: string
  /** Folders of predictions, for what was mistaken for what. */
  readonly predictions?: ReadonlyArray<string>
  /** Classification benchmarks, for pictures of the worst answers. */
  readonly images?: ReadonlyArray<string>
  /** Results of other programs. */
  readonly imported?: ReadonlyArray<string>
  readonly details: Readonly<Record<string, string | number | boolean>>
}

const DEFAULT_MARGIN = 1

/** Mistakes of more predictions than this make a page of pictures alone. */
const MOST_PREDICTIONS = 24

/**
 * Reads the sources and compares before and after.
 *
 * @param origins where the metrics files come from, by their places in the sources: `before[0]`
 */
export const buildReport = Effect.fnUntraced(function* (
  sources: ReportSources,
  origins: StageContext["origins"] = {},
) {
  const read = (side: "before" | "after") =>
    Effect.forEach(sources[side], (file, index) =>
      Effect.map(
        readMetrics(file),
        (metrics): Measured => ({ metrics, origin: origins[`${side}[${index}]`] }),
      ),
    )
  const sides = { before: yield* read("before"), after: yield* read("after") }
  if (sides.before.length + sides.after.length === 0)
    return yield* permanent("a report needs at least one metrics file", {
      hint: "give the metrics outputs of evaluate/… stages as before and after",
    })
  const margin = (sources.margin ?? DEFAULT_MARGIN) / 100
  const report: Report = {
    title: sources.title,
    margin,
    cells: makeCells(sides, margin),
    records: sides,
    imported: (yield* Effect.forEach(sources.imported ?? [], readImported)).flat(),
    training: sources.training === undefined ? [] : yield* readTraining(sources.training),
    details: Object.entries(sources.details)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, String(value)] as const),
    changedPairs: yield* changedPairs(sources, sides),
    ...(yield* answersOf(sources)),
  }
  return report
})

const metricsOf = (files: ReadonlyArray<Measured>) => files.map(({ metrics }) => metrics)

// What reads images is loaded only where it is needed: the report runs in the engine's own process.
const changedPairs = Effect.fnUntraced(function* (
  { pairs }: ReportSources,
  { before, after }: { readonly before: ReadonlyArray<Measured>; readonly after: ReadonlyArray<Measured> },
) {
  if (pairs === undefined) return []
  return yield* attempt(async () => {
    const { findChangedPairs } = await import("./changed-pairs.ts")
    return findChangedPairs(pairs, metricsOf(before), metricsOf(after))
  }, pairs)
})

const answersOf = Effect.fnUntraced(function* ({ predictions = [], images = [] }: ReportSources) {
  const shown = predictions.slice(0, MOST_PREDICTIONS)
  const found = yield* Effect.forEach(shown, (folder) =>
    attempt(async () => {
      const [{ readAnswers }, { readMistakes }] = await Promise.all([
        import("./answers.ts"),
        import("./mistakes.ts"),
      ])
      return { answers: await readAnswers(folder, images), mistakes: await readMistakes(folder, images) }
    }, folder),
  )
  return {
    answers: found.flatMap(({ answers }) => answers ?? []),
    mistakes: found.flatMap(({ mistakes }) => mistakes ?? []),
    hiddenPredictions: predictions.length - shown.length,
  }
})
