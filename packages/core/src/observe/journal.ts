import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { type StoreError, storeError } from "../store/index.ts"
import { RunEvent } from "./event.ts"

/** The journal of one run: a line of JSON for each event. */
export interface Journal {
  /** Absolute. */
  readonly folder: string
  /** Adds an event. Progress and chat are left out. A journal that cannot grow must not stop the run. */
  readonly add: (event: RunEvent) => void
  /** Adds many at once. */
  readonly addAll: (events: ReadonlyArray<RunEvent>) => void
}

const isKept = (event: RunEvent): boolean =>
  event._tag !== "TaskProgress" && !(event._tag === "TaskLog" && event.level === "info")

/** Opens the journal of a new run in the folder of all runs, and makes it the latest. */
export const openJournal = (runs: string, run: string): Effect.Effect<Journal, StoreError, Scope.Scope> => {
  const folder = join(runs, run)
  const open = Effect.try({
    try: () => {
      mkdirSync(folder, { recursive: true })
      const partial = join(runs, `latest.${run}.partial`)
      writeFileSync(partial, `${run}\n`)
      renameSync(partial, join(runs, "latest"))
      return openSync(join(folder, "journal.jsonl"), "ax")
    },
    catch: storeError("write", join(folder, "journal.jsonl")),
  })
  return Effect.acquireRelease(open, (file) => Effect.sync(() => closeSync(file))).pipe(
    Effect.map((file) => {
      const addAll = (events: ReadonlyArray<RunEvent>): void => {
        const lines = events.filter(isKept).map((event) => `${JSON.stringify(event)}\n`)
        if (lines.length === 0) return
        try {
          // One write of whole lines, at once: a kill leaves whole lines.
          writeSync(file, lines.join(""))
        } catch {
          // The disk is full; what the run computes fails by itself if it needs space as well.
        }
      }
      return { folder, add: (event) => addAll([event]), addAll }
    }),
  )
}

const parseEvent = Schema.decodeUnknownSync(Schema.fromJsonString(RunEvent))

/** Reads a run's events back. A line that a power failure has cut is left out. */
export const readJournal = (
  runs: string,
  run: string,
): Effect.Effect<ReadonlyArray<RunEvent>, StoreError> => {
  const path = join(runs, run, "journal.jsonl")
  return Effect.try({ try: () => readFileSync(path, "utf8"), catch: storeError("read", path) }).pipe(
    Effect.map((text) =>
      text.split("\n").flatMap((line): ReadonlyArray<RunEvent> => {
        try {
          return line === "" ? [] : [parseEvent(line)]
        } catch {
          return []
        }
      }),
    ),
  )
}

/** The names of all runs, the oldest first. */
export const listRuns = (runs: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.sync(() => {
    try {
      const entries = readdirSync(runs, { withFileTypes: true })
      return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
    } catch {
      return []
    }
  })

/** The name of the run that began last, if there was one. */
export const latestRun = (runs: string): Effect.Effect<string | undefined> =>
  Effect.sync(() => {
    try {
      return readFileSync(join(runs, "latest"), "utf8").trim()
    } catch {
      return undefined
    }
  })
