import { existsSync } from "node:fs"
import { relative } from "node:path"
import {
  listRuns,
  matchingRuns,
  readJournal,
  recordRun,
  type StageFailure,
  Store,
  type TaskRecord,
} from "@diva-pipeline/core"
import { loadReports } from "@diva-pipeline/stages"
import { Console, Effect, Option } from "effect"
import { CommandFailed, storeFailed } from "../command-failed.ts"
import { columns } from "../history/index.ts"
import { selectArtefacts } from "./cache-selection.ts"
import { listUses } from "./cache-uses.ts"

interface DiffOptions {
  readonly before: string
  readonly after: string
  readonly margin: number
  readonly output: Option.Option<string>
  readonly store: string
  readonly json: boolean
  readonly failIfWorse: boolean
}

const stageFailed = ({ message, hint, file }: StageFailure): CommandFailed =>
  new CommandFailed({
    message: file === undefined ? message : `${file}: ${message}`,
    ...(hint !== undefined && { hint }),
  })

/** What a run has measured: the reports that it made, or else the metrics of its evaluations. */
const resultsOf = (tasks: ReadonlyArray<TaskRecord>): ReadonlyArray<string> => {
  const outputs = (wanted: (task: TaskRecord) => boolean, name: string) =>
    tasks.filter(wanted).flatMap((task) => task.outputs[name]?.digest ?? [])
  const reports = outputs(({ stage }) => stage === "report/summary", "report")
  return reports.length > 0 ? reports : outputs(({ stage }) => stage.startsWith("evaluate/"), "metrics")
}

const pathsOf = Effect.fnUntraced(function* (digests: ReadonlyArray<string>) {
  const store = yield* Store
  return yield* Effect.forEach(digests, (digest) =>
    Effect.mapBoth(store.artefact(digest), {
      onSuccess: ({ path }) => path,
      onFailure: ({ message }) =>
        new CommandFailed({ message: `${digest.slice(0, 12)}: ${message}`, hint: "run the pipeline again" }),
    }),
  )
})

/** Where a side's results are: a path of the user's, a run's artefacts, or an artefact. */
const findResults = Effect.fnUntraced(function* (side: string) {
  if (existsSync(side)) return [side]
  const store = yield* Store
  const [run, ...others] = matchingRuns(yield* listRuns(store.runs), side)
  if (run !== undefined && others.length === 0) {
    const { tasks } = recordRun(yield* readJournal(store.runs, run))
    return yield* pathsOf(resultsOf(tasks))
  }
  const artefacts = selectArtefacts(side, yield* store.collection.inventory, yield* listUses(store))
  if (artefacts.length > 0) return yield* pathsOf(artefacts.map(({ digest }) => digest))
  return yield* new CommandFailed({
    message: `"${side}" is neither a path, nor one run, nor an artefact`,
    hint: "`diva-pipeline runs ls` lists runs, `diva-pipeline cache ls` artefacts",
    exitCode: 2,
  })
})

const readSide = Effect.fnUntraced(function* (side: string) {
  const paths = yield* findResults(side)
  const { findRecords } = yield* Effect.promise(loadReports)
  const records = yield* Effect.promise(() => Promise.all(paths.map((path) => findRecords(path))))
  if (records.flat().length > 0) return records.flat()
  return yield* new CommandFailed({
    message: `there are no metrics in ${side}`,
    hint: "results are reports, the metrics of evaluate/… stages, and folders of either",
    exitCode: 2,
  })
})

/** Where the records of both sides come from, as reports keep it beside them. */
const readOrigins = Effect.fnUntraced(function* (
  sides: Readonly<Record<"before" | "after", ReadonlyArray<string>>>,
) {
  const { readOrigin } = yield* Effect.promise(loadReports)
  const found = (["before", "after"] as const).flatMap((side) =>
    sides[side].map(async (file, index) => [`${side}[${index}]`, await readOrigin(file)] as const),
  )
  const entries = yield* Effect.promise(() => Promise.all(found))
  return Object.fromEntries(
    entries.flatMap(([place, origin]) => (origin === undefined ? [] : [[place, origin]])),
  )
})

/** `diva-pipeline report diff`: compares two results, answer by answer where it can be done. */
export const diff = Effect.fn("report diff")(function* (options: DiffOptions) {
  const { buildReport, reportText, summaryJson, worseNames, writeReport } = yield* Effect.promise(loadReports)
  const sides = Effect.all({ before: readSide(options.before), after: readSide(options.after) })
  const { before, after } = yield* sides.pipe(
    Effect.provide(Store.layer(options.store)),
    Effect.catchTag("StoreError", (error) => Effect.fail(storeFailed(error))),
  )
  const title = `${options.before} → ${options.after}`
  const report = yield* Effect.mapError(
    buildReport(
      { title, before, after, margin: options.margin, details: {} },
      yield* readOrigins({ before, after }),
    ),
    stageFailed,
  )
  if (Option.isSome(options.output)) {
    yield* Effect.mapError(writeReport(options.output.value, report), stageFailed)
    yield* Console.error(`report: ${relative(process.cwd(), options.output.value)}/index.html`)
  }
  const { headline, table, notes } = reportText(report)
  yield* Console.log(
    options.json
      ? summaryJson(report).trimEnd()
      : [headline, "", ...columns(table), "", ...notes.map((note) => `- ${note}`)].join("\n"),
  )
  const worse = worseNames(report.cells)
  if (options.failIfWorse && worse.length > 0)
    return yield* new CommandFailed({ message: `worse beyond noise: ${worse.join(", ")}` })
})
