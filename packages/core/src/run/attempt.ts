import { join } from "node:path"
import { Duration, Effect } from "effect"
import type { Task } from "../pipeline/index.ts"
import { permanent, runStage, type StageCall, StageFailure } from "../stage/index.ts"
import type { ArtefactRefused, StoreError } from "../store/index.ts"
import { attemptSink } from "./attempt-log.ts"
import { type AttemptMeasures, measureAttempt } from "./attempt-measures.ts"
import { environmentOf } from "./environment.ts"
import { failureOf } from "./failure.ts"
import type { RunContext } from "./run-context.ts"

/** Digests of a task's outputs, by their names. */
export type OutputDigests = Readonly<Record<string, string>>

/** Each output has a folder of its own in the work folder; an output that is a file is the one file in it. */
const outputFolders = (task: Task, work: string): ReadonlyArray<readonly [name: string, folder: string]> =>
  Object.keys(task.stage.outputs).map((name) => [name, join(work, `output-${name}`)])

/** What there is in the work folder of an attempt when it begins. */
const workFolders = (task: Task): ReadonlyArray<string> => [
  "scratch",
  ...outputFolders(task, "").map(([, folder]) => folder),
]

const prepare = Effect.fnUntraced(function* (
  context: RunContext,
  task: Task,
  key: string,
  work: string,
): Effect.fn.Return<Pick<StageCall, "outputs" | "scratch" | "checkpoint">, StoreError> {
  const folders = outputFolders(task, work)
  const scratch = join(work, "scratch")
  const outputs = folders.map(([name, folder]) => {
    const file = task.stage.outputs[name]?.file
    return [name, file === undefined ? folder : join(folder, file)]
  })
  const checkpoint = yield* context.store.checkpointFolder(key)
  return { outputs: Object.fromEntries(outputs), scratch, checkpoint }
})

const refusedOutput =
  (task: Task, output: string) =>
  (error: ArtefactRefused | StoreError): StageFailure =>
    error._tag === "StoreError"
      ? failureOf(error)
      : permanent(`output \`${output}\` of ${task.stage.name} cannot be kept: ${error.message}`, {
          hint: "an output is made of plain files and folders, in the place that the stage is given for it",
        })

const commitOutputs = Effect.fnUntraced(function* (context: RunContext, task: Task, work: string) {
  const digests: Record<string, string> = {}
  for (const [name, folder] of outputFolders(task, work)) {
    const form = task.stage.outputs[name]?.file === undefined ? "folder" : "file"
    const commit = context.store.commit(folder, form)
    digests[name] = yield* Effect.mapError(commit, refusedOutput(task, name))
  }
  return digests
})

const withTimeout = (
  task: Task,
  run: Effect.Effect<void, StageFailure>,
): Effect.Effect<void, StageFailure> => {
  const { timeout } = task
  if (timeout === undefined) return run
  const late = new StageFailure({
    reason: "timeout",
    message: `${task.stage.name} took longer than its timeout of ${timeout} s`,
    hint: "raise `timeout`, or give the stage less to do",
  })
  return Effect.timeoutOrElse(run, { duration: Duration.seconds(timeout), orElse: () => Effect.fail(late) })
}

/** One attempt at a task: runs its stage in a fresh work folder and commits what it wrote. */
export const runAttempt = (
  context: RunContext,
  task: Task,
  key: string,
  input: Readonly<Record<string, unknown>>,
  attempt: number,
): Effect.Effect<OutputDigests, StageFailure> =>
  Effect.gen(function* () {
    const measures = measureAttempt(context, task.id, attempt)
    return yield* Effect.onExit(measuredAttempt(context, task, key, input, attempt, measures), measures.ended)
  })

const measuredAttempt = (
  context: RunContext,
  task: Task,
  key: string,
  input: Readonly<Record<string, unknown>>,
  attempt: number,
  measures: AttemptMeasures,
): Effect.Effect<OutputDigests, StageFailure> =>
  Effect.gen(function* () {
    const { stage } = task
    const work = yield* context.store.workFolder(workFolders(task))
    const places = yield* prepare(context, task, key, work)
    const given = { environment: environmentOf(task, process.env), gpus: [] }
    const code = stage.module === undefined ? {} : { module: stage.module.file }
    const named = { stage: stage.name, version: stage.version, ...code }
    const call: StageCall = { ...named, input, attempt, ...places, ...given }
    const sink = { ...attemptSink(context, task.id, attempt), measured: measures.used }
    const run = stage.isolation === "host" ? context.hosts.run(call, sink) : runStage(stage, call, sink)
    yield* Effect.ensuring(withTimeout(task, run), measures.stageOver)
    const outputs = yield* commitOutputs(context, task, work)
    yield* measures.committed(outputs)
    return outputs
  }).pipe(Effect.scoped, Effect.mapError(failureOf))
