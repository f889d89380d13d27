import { join, relative } from "node:path"
import {
  HostPool,
  machineResources,
  type Pipeline,
  type Resources,
  type RunEvent,
  type RunSummary,
  runPipeline,
  Store,
} from "@diva-pipeline/core"
import { expectedBackend } from "@diva-pipeline/stages"
import { Console, Effect, Layer, Schedule } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { type Explanation, explanationText } from "../history/index.ts"
import { hostCommand } from "../host-command.ts"
import { formatSeconds, RunView, stylerFor } from "../terminal/index.ts"
import { VERSION } from "../version.ts"
import { makeExplain } from "./explain.ts"
import { machineOf } from "./machine.ts"
import {
  chooseBackend,
  choosingOf,
  type EngineOptions,
  environmentOf,
  readPipeline,
  wrongChoice,
} from "./pipeline-options.ts"
import { type PlanView, showPlan } from "./plan.ts"
import { requestOf } from "./request.ts"
import { stopSignal } from "./stop-signal.ts"

/** The options of `run`. */
export interface RunCommandOptions extends EngineOptions, PlanView {
  readonly results: string
  readonly failFast: boolean
  readonly resource: Readonly<Record<string, string>>
  /** Says what the run would do, and does nothing. */
  readonly dryRun: boolean
}

/** The run that a run goes on with. */
export interface Continued {
  readonly run: string
  /** Ids of the tasks that it has done: they aren't forced again. */
  readonly done: ReadonlySet<string>
  /** The files that have changed since. */
  readonly changed: (pipeline: Pipeline) => ReadonlyArray<string>
}

type TaskStarted = Extract<RunEvent, { readonly _tag: "TaskStarted" }>
type ExplainStarted = (event: TaskStarted) => Explanation | undefined

/** The view of the run on stderr, kept moving while the scope is open. */
const openView = Effect.fnUntraced(function* (explain: ExplainStarted) {
  const stream = process.stderr
  const style = stylerFor(stream)
  const view = new RunView({
    write: (text) => stream.write(text),
    columns: () => (stream.isTTY ? stream.columns : undefined),
    now: () => Date.now(),
    style,
    explain: (event) => {
      const explanation = explain(event)
      return explanation && explanationText(explanation, style)
    },
  })
  if (stream.isTTY) {
    yield* Effect.sync(() => view.tick()).pipe(
      Effect.schedule(Schedule.spaced("250 millis")),
      Effect.forkScoped,
    )
  }
  return view
})

const countTasks = (summary: RunSummary): string => {
  const count = (status: string) => summary.tasks.filter((task) => task.status === status).length
  const parts = [
    [count("succeeded"), "run"],
    [count("cached"), "cached"],
    [count("failed"), "failed"],
    [count("blocked"), "not run"],
  ] as const
  return parts.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(", ")
}

/** The last words of a run: how it went and where its outputs are. */
const closing = (summary: RunSummary): string => {
  const style = stylerFor(process.stdout)
  const heading = `${summary.pipeline}: ${summary.status === "succeeded" ? style.good("done") : style.bad(summary.status)}`
  const outputs = Object.entries(summary.outputs).map(
    ([name, path]) => `  ${name.padEnd(10)} ${style.accent(relative(process.cwd(), path))}`,
  )
  return [`${heading} in ${formatSeconds(summary.seconds)} (${countTasks(summary)})`, ...outputs].join("\n")
}

/** Explains tasks as they begin, and keeps what was said for the summary. */
const explaining = Effect.fnUntraced(function* (pipeline: Pipeline, isWanted: boolean) {
  const explanations = new Map<string, Explanation>()
  if (!isWanted) return { explanations, explain: () => undefined }
  const of = yield* makeExplain(pipeline)
  const explain: ExplainStarted = ({ task, reason, inputs, environment = {} }) => {
    if (inputs === undefined) return undefined
    const explanation = of(task, reason, { inputs, environment })
    explanations.set(task, explanation)
    return explanation
  }
  return { explanations, explain }
})

const runWithView = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  options: RunCommandOptions,
  machine: Partial<Resources>,
  done: ReadonlySet<string>,
) {
  const { explanations, explain } = yield* explaining(pipeline, options.explain)
  const view = yield* openView(explain)
  const stop = yield* stopSignal(() =>
    view.say("stopping: stages get 10 s to keep what they have; again: now"),
  )
  const quiet = (event: RunEvent) => {
    if (event._tag === "TaskStarted") explain(event)
  }
  const onEvent = options.json ? quiet : (event: RunEvent) => view.show(event)
  const summary = yield* runPipeline(pipeline, {
    resultsFolder: join(options.results, pipeline.name),
    onEvent,
    environment: environmentOf,
    ...choosingOf(options),
    done,
    machine,
    failFast: options.failFast,
    stop,
    versions: { "diva-pipeline": VERSION, "tensor-backend": expectedBackend() },
    request: requestOf(options),
  })
  return { summary, explanations, wasStopped: stop.aborted }
}, Effect.scoped)

const resumeCommand = ({ store }: RunCommandOptions): string => {
  const folder = relative(process.cwd(), store)
  return `\`diva-pipeline resume${folder === ".diva-pipeline" ? "" : ` --store ${folder}`}\``
}

const interrupted = (options: RunCommandOptions): string =>
  `interrupted; what was finished is kept, ${resumeCommand(options)} goes on`

/** The summary for machines. */
const summaryJson = (
  summary: RunSummary,
  explanations: ReadonlyMap<string, Explanation>,
  continued: { readonly continues: string; readonly changed: ReadonlyArray<string> } | undefined,
): string => {
  const tasks = summary.tasks.map((task) => {
    const { since, changes } = explanations.get(task.id) ?? {}
    return { ...task, ...(since !== undefined && { since }), ...(changes !== undefined && { changes }) }
  })
  return JSON.stringify({ ...summary, ...continued, tasks }, null, 2)
}

/** Runs what was asked for, from the beginning or from where another run has ended. */
export const carryOut = Effect.fnUntraced(function* (options: RunCommandOptions, continued?: Continued) {
  yield* chooseBackend(options.backend)
  const pipeline = yield* readPipeline(options)
  const machine = yield* machineOf(pipeline, options.resource)
  if (options.dryRun) return yield* showPlan(pipeline, options)
  const changed = continued?.changed(pipeline) ?? []
  if (changed.length > 0 && !options.json) yield* Console.error(changedText(changed))
  const slots = Math.ceil(machine.cpu ?? machineResources().cpu)
  const hosts = HostPool.layer({ ...hostCommand(), slots })
  const run = runWithView(pipeline, options, machine, continued?.done ?? new Set())
  const { summary, explanations, wasStopped } = yield* run.pipe(
    Effect.provide(Layer.mergeAll(Store.layer(options.store), hosts)),
    Effect.catchTag(["StoreError", "ArtefactDamaged"], (error) =>
      Effect.fail(
        new CommandFailed({
          message: error.message,
          ...(error._tag === "StoreError"
            ? { hint: error.hint }
            : { hint: "run again: what is damaged is made anew" }),
        }),
      ),
    ),
    Effect.catchTag(["UnknownStage", "NeedNotCached", "SourceUnreadable"], (error) =>
      Effect.fail(wrongChoice(error)),
    ),
    Effect.onInterrupt(() => Console.error(interrupted(options))),
  )
  const origin = continued && { continues: continued.run, changed }
  yield* Console.log(options.json ? summaryJson(summary, explanations, origin) : closing(summary))
  if (summary.status !== "succeeded") yield* notSucceeded(summary, options, wasStopped)
})

const changedText = (files: ReadonlyArray<string>): string =>
  `${files.join(", ")} ${files.length === 1 ? "has" : "have"} changed since: going on with what is there now`

const notSucceeded = Effect.fnUntraced(function* (
  summary: RunSummary,
  options: RunCommandOptions,
  wasStopped: boolean,
) {
  if (wasStopped) yield* Console.error(interrupted(options))
  const failed = summary.tasks.filter((task) => task.status === "failed").map((task) => task.id)
  if (failed.length === 0) return yield* new CommandFailed({ message: "", exitCode: wasStopped ? 130 : 1 })
  return yield* new CommandFailed({
    message: `failed: ${failed.join(", ")}`,
    hint: `mend it, then ${resumeCommand(options)}: what was finished is kept`,
    ...(wasStopped && { exitCode: 130 }),
  })
})

/** `diva-pipeline run`: runs a pipeline and places its outputs. Ends with code 1 when a task failed. */
export const run = Effect.fn("run")((options: RunCommandOptions) => carryOut(options))
