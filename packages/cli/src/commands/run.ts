import { join, relative } from "node:path"
import {
  HostPool,
  machineResources,
  type Pipeline,
  type RunEvent,
  type RunSummary,
  runPipeline,
  Store,
} from "@diva-pipeline/core"
import { expectedBackend } from "@diva-pipeline/stages"
import { Console, Effect, Layer, Schedule } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { hostCommand } from "../host-command.ts"
import { formatSeconds, RunView, stylerFor } from "../terminal/index.ts"
import { VERSION } from "../version.ts"
import {
  chooseBackend,
  choosingOf,
  type EngineOptions,
  environmentOf,
  readPipeline,
  wrongChoice,
} from "./pipeline-options.ts"
import { stopSignal } from "./stop-signal.ts"

/** The options of `run`. */
export interface RunCommandOptions extends EngineOptions {
  readonly results: string
  readonly failFast: boolean
}

/** The view of the run on stderr, kept moving while the scope is open. */
const openView = Effect.gen(function* () {
  const stream = process.stderr
  const view = new RunView({
    write: (text) => stream.write(text),
    columns: () => (stream.isTTY ? stream.columns : undefined),
    now: () => Date.now(),
    style: stylerFor(stream),
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

const runWithView = Effect.fnUntraced(function* (pipeline: Pipeline, options: RunCommandOptions) {
  const view = yield* openView
  const stop = yield* stopSignal(() =>
    view.say("stopping: stages get 10 s to keep what they have; again: now"),
  )
  const onEvent = options.json ? () => {} : (event: RunEvent) => view.show(event)
  const summary = yield* runPipeline(pipeline, {
    resultsFolder: join(options.results, pipeline.name),
    onEvent,
    environment: environmentOf,
    ...choosingOf(options),
    failFast: options.failFast,
    stop,
    versions: { "diva-pipeline": VERSION, "tensor-backend": expectedBackend() },
  })
  return { summary, wasStopped: stop.aborted }
}, Effect.scoped)

const INTERRUPTED = "interrupted; what was finished is kept, run again to go on"

/** `diva-pipeline run`: runs a pipeline and places its outputs. Ends with code 1 when a task failed. */
export const run = Effect.fn("run")(function* (options: RunCommandOptions) {
  yield* chooseBackend(options.backend)
  const pipeline = yield* readPipeline(options)
  const hosts = HostPool.layer({ ...hostCommand(), slots: machineResources().cpu })
  const { summary, wasStopped } = yield* runWithView(pipeline, options).pipe(
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
    Effect.onInterrupt(() => Console.error(INTERRUPTED)),
  )
  yield* Console.log(options.json ? JSON.stringify(summary, null, 2) : closing(summary))
  if (summary.status === "succeeded") return
  if (wasStopped) yield* Console.error(INTERRUPTED)
  const failed = summary.tasks.filter((task) => task.status === "failed").map((task) => task.id)
  if (failed.length === 0) return yield* new CommandFailed({ message: "", exitCode: wasStopped ? 130 : 1 })
  return yield* new CommandFailed({
    message: `failed: ${failed.join(", ")}`,
    hint: "mend it and run again: what was finished is kept",
    ...(wasStopped && { exitCode: 130 }),
  })
})
