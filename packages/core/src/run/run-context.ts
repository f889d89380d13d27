import { join } from "node:path"
import { Clock, Console, Deferred, Effect, FileSystem, type Scope } from "effect"
import {
  type Journal,
  makeMask,
  maskEvent,
  openJournal,
  type RunEvent,
  type UntimedEvent,
  writeRequest,
} from "../observe/index.ts"
import type { Json, Pipeline, Task } from "../pipeline/index.ts"
import { type Choice, type Choosing, type Facts, lastKeys, learnEnvironment } from "../plan/index.ts"
import { commonEnvironment, HostPool, type Resources } from "../stage/index.ts"
import { isReadOnly, type KeyRecord, Store, type StoreError, type StoreShape } from "../store/index.ts"
import { findMachine } from "./machine.ts"
import { makeResourcePool, type ResourcePool } from "./resource-pool.ts"

/** How a pipeline is run. */
export interface RunOptions extends Choosing {
  /** Where the pipeline's outputs are placed; nowhere when absent. */
  readonly resultsFolder?: string
  /** Told of everything that happens; must not throw. */
  readonly onEvent?: (event: RunEvent) => void
  /** What of the machine stages depend on, by name (`tensor-backend`); asked once a run. */
  readonly environment?: (name: string) => Effect.Effect<string>
  /** What tasks may hold at a time, as far as it is not what the machine has. */
  readonly machine?: Partial<Resources>
  /** For the journal: versions of the program, of the tensor backend, by name. */
  readonly versions?: Readonly<Record<string, string>>
  /** After the first failure nothing new is begun, and what runs is cancelled. */
  readonly failFast?: boolean
  /**
   * Ends the run in good order when it is aborted: nothing new is begun, and what runs is asked to keep a checkpoint and
   * end; what has not after `grace` seconds is cancelled.
   */
  readonly stop?: AbortSignal
  /** Seconds that running tasks get after `stop`. */
  readonly grace?: number
  /** What was asked for, kept beside the journal as `request.json` for who goes on with the run, unless it holds a secret. */
  readonly request?: Json
}

/** What the parts of a run share. */
export interface RunContext {
  readonly pipeline: Pipeline
  readonly options: RunOptions
  readonly choice: Choice
  readonly run: string
  readonly journal: Journal
  readonly store: StoreShape
  readonly hosts: HostPool["Service"]
  readonly fs: FileSystem.FileSystem
  readonly resources: ResourcePool
  readonly facts: Facts
  readonly lastKey: (task: string) => string | undefined
  /** Paths of outputs that live only as long as the run, by their digests. */
  readonly passing: Map<string, string>
  /** The run's own. */
  readonly scope: Scope.Scope
  /** The environment variables that every task may read. */
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly mask: (text: string) => string
  readonly emit: (event: UntimedEvent) => void
  /** Done when the first attempt begins. */
  readonly computing: Deferred.Deferred<void>
  /** Tells of a task whose result was found. */
  readonly emitCached: (task: Task, record: KeyRecord) => void
  /** Brings the journal up to date; before that, findings wait to be written together. */
  readonly flush: () => void
  /** What has happened so far, but for progress and chat. */
  readonly events: ReadonlyArray<RunEvent>
}

/** Names sort by time, and no two runs have the same. */
const runName = (time: number): string => {
  const moment = new Date(time).toISOString().slice(0, 23).replaceAll(/[:.]/g, "-")
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
/** Names of the environment variables that hold secrets of some task. */
const secretNames = (tasks: ReadonlyArray<Task>): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { secrets } of tasks) for (const name of secrets) names.add(name)
  return names
}

type Telling = Pick<RunContext, "emit" | "emitCached" | "flush" | "events">

const isShort = (event: RunEvent): boolean => event._tag !== "TaskProgress" && event._tag !== "TaskLog"

/** Takes what happens to the journal, to the listener, and to the summary at the end. */
const makeTelling = (
  journal: Journal,
  mask: RunContext["mask"],
  now: () => number,
  onEvent: (event: RunEvent) => void,
): Telling => {
  const events: Array<RunEvent> = []
  let found: Array<RunEvent> = []
  const flush = (): void => {
    if (found.length === 0) return
    journal.addAll(found)
    found = []
  }
  return {
    events,
    flush,
    emit: (untimed) => {
      const event = maskEvent(mask, { time: now(), ...untimed })
      if (isShort(event)) events.push(event)
      flush()
      journal.add(event)
      onEvent(event)
    },
    emitCached: (task, { key, outputs }) => {
      const event: RunEvent = { _tag: "TaskCached", time: now(), task: task.id, key, outputs }
      events.push(event)
      found.push(event)
      onEvent(event)
    },
  }
}

/** Sets up a new run: its name, its journal, its resources. */
export const makeRunContext = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  choice: Choice,
  options: RunOptions,
): Effect.fn.Return<RunContext, StoreError, Store | HostPool | FileSystem.FileSystem | Scope.Scope> {
  const clock = yield* Clock.Clock
  const store = yield* Store
  const now = () => clock.currentTimeMillisUnsafe()
  const run = runName(now())
  const journal = yield* openJournalIn(store.runs, run)
  const mask = makeMask(process.env, secretNames(choice.tasks))
  if (options.request !== undefined) writeRequest(journal.folder, options.request, mask)
  return {
    pipeline,
    options,
    choice,
    run,
    journal,
    store,
    hosts: yield* HostPool,
    fs: yield* FileSystem.FileSystem,
    resources: makeResourcePool(yield* findMachine(pipeline, choice.tasks, options.machine)),
    facts: yield* learnEnvironment(choice.tasks, options.environment),
    lastKey: lastKeys(store.root, pipeline.name),
    passing: new Map(),
    scope: yield* Effect.scope,
    environment: commonEnvironment(process.env),
    now,
    mask,
    computing: Deferred.makeUnsafe<void>(),
    ...makeTelling(journal, mask, now, options.onEvent ?? (() => undefined)),
  }
})
