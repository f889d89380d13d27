import { Duration, Effect } from "effect"
import type { Task } from "../pipeline/index.ts"
import { type AttemptSink, runInline, type StageCall, StageFailure } from "../stage/index.ts"
import { attemptSink } from "./attempt-log.ts"
import { type AttemptMeasures, measureAttempt } from "./attempt-measures.ts"
import { environmentOf } from "./environment.ts"
import { failureOf } from "./failure.ts"
import { type KeptOutputs, keepOutputs } from "./outputs.ts"
import { previousOutputs } from "./previous-outputs.ts"
import type { RunContext } from "./run-context.ts"
import { checkSpace, makeWorkPlace } from "./work-place.ts"

/** An attempt at a task. */
export interface Attempt {
  readonly task: Task
  readonly key: string
  readonly input: Readonly<Record<string, unknown>>
  readonly origins: NonNullable<StageCall["origins"]>
  /** 1 for the first. */
  readonly number: number
  readonly gpus: ReadonlyArray<number>
}

const withTimeout = (
  { stage, timeout }: Task,
  sink: AttemptSink,
  run: Effect.Effect<void, StageFailure>,
): Effect.Effect<void, StageFailure> => {
  if (timeout === undefined) return run
  const late = new StageFailure({
    reason: "timeout",
    message: `${stage.name} took longer than its timeout of ${timeout} s`,
    hint: "raise `timeout`, or give the stage less to do",
  })
  const timed = Effect.timeoutOrElse(run, {
    duration: Duration.seconds(timeout),
    orElse: () => Effect.fail(late),
  })
  return Effect.map(Effect.timed(timed), ([taken]) => {
    // While it computes without a pause nothing can end it, not even the clock that would.
    if (Duration.toSeconds(taken) <= timeout) return
    const seconds = Math.ceil(Duration.toSeconds(taken))
    sink.log(
      "warning",
      `${stage.name} took ${seconds} s, longer than its timeout of ${timeout} s: it holds up the engine and can't be ended; run it in a host (\`isolation: "host"\`)`,
    )
  })
}

/** One attempt at a task: runs its stage in a fresh work folder and keeps what it wrote. */
export const runAttempt = (context: RunContext, attempt: Attempt): Effect.Effect<KeptOutputs, StageFailure> =>
  Effect.suspend(() => {
    const measures = measureAttempt(context, attempt.task.id, attempt.number)
    return Effect.onExit(measuredAttempt(context, attempt, measures), measures.ended)
  })

const measuredAttempt = (
  context: RunContext,
  { task, key, input, origins, number, gpus }: Attempt,
  measures: AttemptMeasures,
): Effect.Effect<KeptOutputs, StageFailure> =>
  Effect.gen(function* () {
    const { stage } = task
    yield* checkSpace(context.store.root)
    const place = yield* makeWorkPlace(context, task, key)
    const { outputs, scratch, checkpoint } = place
    const call: StageCall = {
      stage: stage.name,
      version: stage.version,
      ...(stage.module !== undefined && { module: stage.module.file }),
      input,
      outputs,
      origins,
      scratch,
      checkpoint,
      ...(stage.usesPrevious === true && { previous: yield* previousOutputs(context, task, key) }),
      environment: environmentOf(task, gpus, context.environment, process.env),
      gpus,
      attempt: number,
    }
    const sink = { ...(yield* attemptSink(context, task.id, number)), measured: measures.used }
    const { stop } = context.options
    const run =
      stage.isolation === "host" ? context.hosts.run(call, sink, stop) : runInline(stage, call, sink, stop)
    yield* Effect.ensuring(withTimeout(task, sink, run), measures.stageOver)
    const kept = yield* keepOutputs(context, task, place)
    measures.committed(kept)
    return kept
  }).pipe(Effect.scoped, Effect.mapError(failureOf))
