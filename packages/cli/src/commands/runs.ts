import { existsSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import {
  chromeTrace,
  compareRuns,
  fileName,
  type KeyRecord,
  keysToCompare,
  listRuns,
  nearest,
  otlpTrace,
  parseDuration,
  planRemoval,
  type RunRecord,
  readJournal,
  readRun,
  recordRun,
  removeRuns,
  Store,
  type StoreError,
  type TaskRecord,
} from "@diva-pipeline/core"
import { Console, Effect, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"
import {
  differenceText,
  findRun,
  listText,
  removalText,
  runPage,
  runText,
  taskText,
} from "../history/index.ts"
import { stylerFor } from "../terminal/index.ts"
import { writeOutput } from "./output-file.ts"

interface StoreOptions {
  readonly store: string
}

interface JsonOptions extends StoreOptions {
  readonly json: boolean
}

const withStore = <A, R>(effect: Effect.Effect<A, CommandFailed | StoreError, R>, { store }: StoreOptions) =>
  effect.pipe(
    Effect.provide(Store.layer(store)),
    Effect.catchTag("StoreError", ({ message, hint }) => Effect.fail(new CommandFailed({ message, hint }))),
  )

const print = (value: unknown) => Console.log(JSON.stringify(value, null, 2))

const readRecord = Effect.fnUntraced(function* (name: string) {
  const { runs } = yield* Store
  return recordRun(yield* readJournal(runs, name))
})

/** Briefs of runs, the newest first. */
const readBriefs = Effect.fnUntraced(function* (limit = Number.POSITIVE_INFINITY) {
  const { runs } = yield* Store
  const names = [...(yield* listRuns(runs))].reverse().slice(0, limit)
  return yield* Effect.forEach(names, (name) => readRun(runs, name))
})

/** `diva-pipeline runs ls`: the runs in a store, the newest first. */
export const ls = Effect.fn("runs ls")(function* (options: JsonOptions & { readonly limit: number }) {
  const briefs = yield* readBriefs(options.limit)
  if (options.json) return yield* print(briefs.map(({ process: _process, ...brief }) => brief))
  yield* Console.log(briefs.length === 0 ? "no runs" : listText(briefs, stylerFor(process.stdout)))
}, withStore)

/** How many lines of a log are shown. */
const TAIL = 20

const logOf = (runs: string, run: RunRecord, task: string, attempt: number) => {
  const file = join(runs, run.run, "logs", `${fileName(task)}.${attempt}.log`)
  if (!existsSync(file)) return { logFile: undefined, log: [] }
  const lines = readFileSync(file, "utf8").trimEnd().split("\n")
  return { logFile: relative(process.cwd(), file), log: lines.slice(-TAIL) }
}

/** A task with what is not in its run's journal: its key's record and its log. */
const readTask = Effect.fnUntraced(function* (run: RunRecord, id: string) {
  const store = yield* Store
  const task = run.tasks.find((candidate) => candidate.id === id)
  if (task === undefined) {
    const near = nearest(
      id,
      run.tasks.map((candidate) => candidate.id),
    )
    return yield* new CommandFailed({
      message: `the run ${run.run} has no task "${id}"`,
      hint: near === undefined ? "`diva-pipeline runs show` lists them" : `did you mean "${near}"?`,
      exitCode: 2,
    })
  }
  const record = task.key === undefined ? undefined : store.record(task.key)
  return {
    task,
    inputs: task.inputs ?? record?.fields ?? {},
    environment: task.environment ?? record?.environment ?? {},
    ...logOf(store.runs, run, id, task.attempts.at(-1)?.attempt ?? 0),
  }
})

/** `diva-pipeline runs show`: all that is kept of a run, or of one of its tasks. */
export const show = Effect.fn("runs show")(function* (
  options: JsonOptions & {
    readonly run: Option.Option<string>
    readonly task: Option.Option<string>
    readonly html: Option.Option<string>
  },
) {
  const store = yield* Store
  const name = yield* findRun(Option.getOrUndefined(options.run))
  const run = yield* readRecord(name)
  const style = stylerFor(process.stdout)
  if (Option.isSome(options.task)) {
    const shown = yield* readTask(run, options.task.value)
    const { task, ...more } = shown
    return yield* options.json ? print({ ...task, ...more }) : Console.log(taskText(shown, style))
  }
  const brief = yield* readRun(store.runs, name)
  if (Option.isSome(options.html)) {
    const logLines = (task: TaskRecord) =>
      logOf(store.runs, run, task.id, task.attempts.at(-1)?.attempt ?? 0).log
    return yield* writeOutput(runPage(run, brief, logLines), options.html)
  }
  yield* options.json ? print({ ...run, status: brief.status }) : Console.log(runText(run, brief, style))
}, withStore)

/** `diva-pipeline runs diff`: which results of two runs differ, and why. */
export const diff = Effect.fn("runs diff")(function* (
  options: JsonOptions & { readonly before: string; readonly after: string },
) {
  const store = yield* Store
  const before = yield* readRecord(yield* findRun(options.before))
  const after = yield* readRecord(yield* findRun(options.after))
  const records = new Map<string, KeyRecord>()
  for (const key of keysToCompare(before, after)) {
    const record = store.record(key)
    if (record !== undefined) records.set(key, record)
  }
  const difference = compareRuns(before, after, (key) => records.get(key))
  yield* options.json ? print(difference) : Console.log(differenceText(difference, stylerFor(process.stdout)))
}, withStore)

const secondsOf = Effect.fnUntraced(function* (text: Option.Option<string>) {
  if (Option.isNone(text)) return undefined
  const seconds = parseDuration(text.value)
  if (seconds !== undefined) return seconds
  return yield* new CommandFailed({
    message: `--older-than: "${text.value}" is no duration`,
    hint: "durations look like 12h or 30d",
    exitCode: 2,
  })
})

/** `diva-pipeline runs rm`: removes the histories and logs of runs; says only what it would remove unless told `--yes`. */
export const rm = Effect.fn("runs rm")(function* (
  options: JsonOptions & {
    readonly names: ReadonlyArray<string>
    readonly olderThan: Option.Option<string>
    readonly keep: Option.Option<number>
    readonly yes: boolean
  },
) {
  const { runs } = yield* Store
  const olderThan = yield* secondsOf(options.olderThan)
  const names = yield* Effect.forEach(options.names, findRun)
  const rule = { names, olderThan, keep: Option.getOrUndefined(options.keep) }
  if (names.length === 0 && rule.olderThan === undefined && rule.keep === undefined) {
    const hint = "name runs, or give --older-than or --keep"
    return yield* new CommandFailed({ message: "which runs?", hint, exitCode: 2 })
  }
  const removal = planRemoval(yield* readBriefs(), rule, Date.now())
  if (options.yes) {
    yield* removeRuns(
      runs,
      removal.runs.map(({ run }) => run),
    )
  }
  yield* options.json
    ? print({
        removed: options.yes,
        runs: removal.runs.map(({ run }) => run),
        running: removal.running.map(({ run }) => run),
      })
    : Console.log(removalText(removal, options.yes, stylerFor(process.stdout)))
  const refused = removal.running.filter(({ run }) => names.includes(run)).map(({ run }) => run)
  if (refused.length > 0) {
    return yield* new CommandFailed({ message: `still running: ${refused.join(", ")}`, hint: "end it first" })
  }
}, withStore)

/** `diva-pipeline runs trace`: a run as a file for trace viewers. */
export const trace = Effect.fn("runs trace")(function* (
  options: StoreOptions & {
    readonly run: Option.Option<string>
    readonly format: "chrome" | "otlp"
    readonly output: Option.Option<string>
  },
) {
  const run = yield* readRecord(yield* findRun(Option.getOrUndefined(options.run)))
  const text = JSON.stringify(options.format === "chrome" ? chromeTrace(run) : otlpTrace(run))
  yield* writeOutput(text, options.output)
}, withStore)
