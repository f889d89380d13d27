import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Duration, Effect, Schedule, Schema, type Scope } from "effect"
import { nodeDisk, type StoreError, storeError } from "../store/index.ts"
import { BriefWriter, touchBrief, writeBrief } from "./brief.ts"
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

/** Bytes of lines about cached tasks that may wait: there are many of them, and nothing is lost with them. */
const MOST_WAITING = 64 * 1024
/** Bytes that are kept for a disk that is full to have room again. */
const MOST_KEPT = 16 * 1024 * 1024
/** How often a run shows that it lives. */
const HEARTBEAT = Duration.seconds(10)

const makeJournal = (folder: string, file: number): Journal => {
  const briefs = new BriefWriter()
  let waiting = ""
  let unwritten: Buffer = Buffer.alloc(0)
  /** One write, at once: a kill leaves whole lines. What a full disk doesn't take is tried again with the next events. */
  const write = (): void => {
    const bytes = Buffer.concat([unwritten, Buffer.from(waiting)])
    waiting = ""
    unwritten = bytes.length > MOST_KEPT ? Buffer.from("\n") : bytes
    unwritten = unwritten.subarray(writeSync(file, unwritten))
  }
  const addAll = (events: ReadonlyArray<RunEvent>): void => {
    const kept = events.filter(isKept)
    let isNews = false
    for (const event of kept) {
      waiting += `${JSON.stringify(event)}\n`
      isNews = briefs.follow(event) || isNews
    }
    if (waiting.length < MOST_WAITING && kept.every((event) => event._tag === "TaskCached")) return
    try {
      write()
      if (isNews) writeBrief(folder, briefs.brief)
    } catch {
      // The disk is full; what the run computes fails by itself if it needs space as well.
    }
  }
  return { folder, add: (event) => addAll([event]), addAll }
}

/** Opens the journal of a new run in the folder of all runs, and makes it the latest. */
export const openJournal = (runs: string, run: string): Effect.Effect<Journal, StoreError, Scope.Scope> => {
  const folder = join(runs, run)
  const open = Effect.try({
    try: () => {
      nodeDisk.makeFolder(folder)
      setLatest(runs, run)
      return openSync(join(folder, "journal.jsonl"), "ax")
    },
    catch: storeError("write", join(folder, "journal.jsonl")),
  })
  const beat = Effect.sync(() => touchBrief(folder))
  return Effect.acquireRelease(open, (file) => Effect.sync(() => closeSync(file))).pipe(
    Effect.map((file) => makeJournal(folder, file)),
    Effect.tap(Effect.forkScoped(Effect.repeat(beat, Schedule.spaced(HEARTBEAT)))),
  )
}

/** Makes a run the latest. */
export const setLatest = (runs: string, run: string): void => {
  const partial = join(runs, `latest.${run}.partial`)
  writeFileSync(partial, `${run}\n`)
  renameSync(partial, join(runs, "latest"))
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
