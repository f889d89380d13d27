import {
  digestDocuments,
  listRuns,
  type Pipeline,
  type RunBrief,
  type RunRecord,
  readJournal,
  readRequest,
  readRun,
  recordRun,
  Store,
} from "@diva-pipeline/core"
import { Console, Effect, Option } from "effect"
import { CommandFailed, storeFailed } from "../command-failed.ts"
import { findRun } from "../history/index.ts"
import { formatCount } from "../terminal/index.ts"
import { parseRequest, type RunRequest } from "./request.ts"
import { carryOut } from "./run.ts"

/** The options of `resume`. */
export interface ResumeOptions {
  readonly run: Option.Option<string>
  readonly store: string
  readonly json: boolean
}

interface Resumable {
  readonly brief: RunBrief
  readonly request: RunRequest
}

const cannot = (message: string, hint: string): CommandFailed =>
  new CommandFailed({ message, hint, exitCode: 2 })

/**
 * The newest run of this working folder that has not come to a good end. A later run that was asked for the same takes
 * its place, and when that one succeeded or still runs, there is nothing to go on with.
 */
const newestUnfinished = Effect.fnUntraced(function* (): Effect.fn.Return<Resumable, CommandFailed, Store> {
  const { runs } = yield* Store
  const settled = new Set<string>()
  for (const name of (yield* listRuns(runs)).toReversed()) {
    const kept = yield* readRequest(runs, name)
    const request = parseRequest(kept)
    if (request?.folder !== process.cwd()) continue
    const brief = yield* readRun(runs, name)
    const text = JSON.stringify(kept)
    if (brief.status === "succeeded" || brief.status === "running") settled.add(text)
    else if (!settled.has(text)) return { brief, request }
  }
  return yield* cannot(
    "there is no run of this folder to go on with",
    "`diva-pipeline runs ls` lists all runs; `resume` takes the name of one",
  )
})

/** A run that was named, if it can be gone on with. */
const namedRun = Effect.fnUntraced(function* (
  text: string,
): Effect.fn.Return<Resumable, CommandFailed, Store> {
  const { runs } = yield* Store
  const name = yield* findRun(text)
  const brief = yield* readRun(runs, name)
  if (brief.status === "succeeded") {
    return yield* cannot(`${name} has succeeded: there is nothing to go on with`, "`run` runs it again")
  }
  if (brief.status === "running") return yield* cannot(`${name} is still running`, "end it first")
  const request = parseRequest(yield* readRequest(runs, name))
  if (request === undefined) {
    return yield* cannot(
      `nothing is kept of what ${name} was asked for`,
      "run it again as it was run: what was finished is kept",
    )
  }
  if (request.folder === process.cwd()) return { brief, request }
  return yield* cannot(`${name} was begun in another folder`, `resume it in ${request.folder}`)
})

/** Files that are not what they were, or were not there. */
const changedSince = (
  { documents: before }: RunRecord,
  now: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  // It was killed before it could say what it was made of.
  if (before.length === 0) return []
  const digests = (documents: RunRecord["documents"]) =>
    new Map(documents.map(({ file, digest }) => [file, digest]))
  const [former, current] = [digests(before), digests(digestDocuments(now))]
  return [...new Set([...former.keys(), ...current.keys()])].filter(
    (file) => former.get(file) !== current.get(file),
  )
}

const isDone = ({ status }: RunRecord["tasks"][number]): boolean =>
  status === "succeeded" || status === "cached"

const beginning = ({ run, status, tasks }: RunBrief, done: number): string => {
  const ended = status === "unfinished" ? "killed" : status
  return `going on with ${run} (${ended}; ${done} of ${formatCount(tasks, "task")} done)`
}

/** `diva-pipeline resume`: goes on with a run that was interrupted, failed or killed. */
export const resume = Effect.fn("resume")(function* ({ run, store, json }: ResumeOptions) {
  const { brief, request, record } = yield* Effect.gen(function* () {
    const { runs } = yield* Store
    const found = yield* Option.match(run, { onNone: newestUnfinished, onSome: namedRun })
    return { ...found, record: recordRun(yield* readJournal(runs, found.brief.run)) }
  }).pipe(
    Effect.provide(Store.layer(store)),
    Effect.catchTag("StoreError", (error) => Effect.fail(storeFailed(error))),
  )
  const done = new Set(record.tasks.filter(isDone).map(({ id }) => id))
  if (!json) yield* Console.error(beginning(brief, done.size))
  const changed = ({ documents }: Pipeline) => changedSince(record, documents)
  const options = { ...request, store, json, dryRun: false, explain: false }
  yield* carryOut(options, { run: brief.run, done, changed })
})
