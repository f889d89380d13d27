import { listRuns, type Needs, readJournal, type StoreError, type StoreShape } from "@diva-pipeline/core"
import { Effect } from "effect"

/** A task's result in a run. */
export interface Use {
  readonly task: string
  readonly key: string
  readonly outputs: Readonly<Record<string, string>>
}

/** What a run has used or made, as far as its journal tells. */
export interface RunUses {
  readonly run: string
  /** Milliseconds since 1970. */
  readonly started: number
  /** It was killed, or is at work. */
  readonly unfinished: boolean
  readonly uses: ReadonlyArray<Use>
}

/** How much of the past `cache gc` keeps. */
export interface Keep {
  readonly runs: number
  readonly days: number
}

const DAY = 86_400_000
/** A run that has not ended after so long is not at work any more. */
const LONGEST_RUN = 30 * DAY

const readUses = (store: StoreShape, run: string): Effect.Effect<RunUses, StoreError> =>
  Effect.map(readJournal(store.runs, run), (events) => ({
    run,
    started: events[0]?.time ?? 0,
    unfinished: events.at(-1)?._tag !== "RunFinished",
    uses: events.flatMap((event): ReadonlyArray<Use> => {
      if (event._tag !== "TaskCached" && event._tag !== "TaskSucceeded") return []
      return [{ task: event.task, key: event.key, outputs: event.outputs }]
    }),
  }))

/** What all runs have used, the latest run first. A run whose journal cannot be read says nothing. */
export const listUses = (store: StoreShape): Effect.Effect<ReadonlyArray<RunUses>, StoreError> =>
  Effect.gen(function* () {
    const runs: Array<RunUses> = []
    for (const run of yield* listRuns(store.runs)) {
      const uses = yield* Effect.option(readUses(store, run))
      if (uses._tag === "Some") runs.unshift(uses.value)
    }
    return runs
  })

/** What must stay for the sake of recent runs, and of those that may be at work. */
export const needsOf = (store: StoreShape, keep: Keep): Effect.Effect<Needs, StoreError> =>
  Effect.map(listUses(store), (runs) => {
    const now = Date.now()
    const after = now - keep.days * DAY
    const kept = runs.filter(
      ({ started, unfinished }, index) =>
        index < keep.runs || started > after || (unfinished && now - started < LONGEST_RUN),
    )
    const uses = kept.flatMap((run) => run.uses)
    return {
      keys: new Set(uses.map(({ key }) => key)),
      digests: new Set(uses.flatMap(({ outputs }) => Object.values(outputs))),
      after,
    }
  })
