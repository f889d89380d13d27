import { join } from "node:path"
import { Clock, Console, Deferred, Effect, FileSystem, type Scope } from "effect"
import {
  type Journal,
  makeMask,
  maskEvent,
  openJournal,
  type RunEvent,
  type UntimedEvent,
} from "../observe/index.ts"
import type { Pipeline } from "../pipeline/index.ts"
import { HostPool, type Resources } from "../stage/index.ts"
import { isReadOnly, Store, type StoreError, type StoreShape } from "../store/index.ts"
import { machineResources } from "./machine.ts"
import { makeResourceLimit, type ResourceLimit } from "./resource-limit.ts"

/** How a pipeline is run. */
export interface RunOptions {
  /** Where the pipeline's outputs are placed; nowhere when absent. */
  readonly resultsFolder?: string
  /** Told of everything that happens; must not throw. */
  readonly onEvent?: (event: RunEvent) => void
  /** What of the machine stages depend on, by name (`tensor-backend`); asked for each task, so keep it cheap. */
  readonly environment?: (name: string) => Effect.Effect<string>
  /** Keys of stages that run even when they are cached. */
  readonly force?: ReadonlySet<string>
  /** What tasks may hold at a time; the whole machine when absent. */
  readonly machine?: Resources
  /** For the journal: versions of the program, of the tensor backend, by name. */
  readonly versions?: Readonly<Record<string, string>>
}

/** What the parts of a run share. */
export interface RunContext {
  readonly pipeline: Pipeline
  readonly options: RunOptions
  readonly run: string
  readonly journal: Journal
  readonly store: StoreShape
  readonly hosts: HostPool["Service"]
  readonly fs: FileSystem.FileSystem
  readonly limit: ResourceLimit
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly mask: (text: string) => string
  readonly emit: (event: UntimedEvent) => void
  /** Done when the first attempt begins. */
  readonly computing: Deferred.Deferred<void>
  /** What has happened so far, but for progress. */
  readonly events: ReadonlyArray<RunEvent>
}

/** Names sort by time, and no two runs have the same. */
const runName = (time: number): string => {
  const moment = new Date(time).toISOString().slice(0, 19).replaceAll(":", "-")
  return `${moment}-${Math.floor(Math.random() * 0x1000000)
    .toString(16)
    .padStart(6, "0")}`
}

/** A run that finds everything in a store that it cannot write to still works; only its history is lost. */
const openJournalIn = (runs: string, run: string): Effect.Effect<Journal, StoreError, Scope.Scope> =>
  Effect.catchIf(openJournal(runs, run), isReadOnly, ({ message }) =>
    Effect.as(Console.error(`warning: ${message}: this run leaves no history`), {
      folder: join(runs, run),
      add: () => undefined,
      addAll: () => undefined,
    }),
  )

/** Sets up a new run: its name, its journal, its resources. */
export const makeRunContext = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  options: RunOptions,
): Effect.fn.Return<RunContext, StoreError, Store | HostPool | FileSystem.FileSystem | Scope.Scope> {
  const clock = yield* Clock.Clock
  const store = yield* Store
  const now = () => clock.currentTimeMillisUnsafe()
  const run = runName(now())
  const journal = yield* openJournalIn(store.runs, run)
  const mask = makeMask(process.env)
  const events: Array<RunEvent> = []
  const emit = (untimed: UntimedEvent): void => {
    const event = maskEvent(mask, { time: now(), ...untimed })
    if (event._tag !== "TaskProgress") events.push(event)
    journal.add(event)
    options.onEvent?.(event)
  }
  return {
    pipeline,
    options,
    run,
    journal,
    store,
    hosts: yield* HostPool,
    fs: yield* FileSystem.FileSystem,
    limit: makeResourceLimit(options.machine ?? machineResources()),
    now,
    mask,
    emit,
    computing: Deferred.makeUnsafe<void>(),
    events,
  }
})
