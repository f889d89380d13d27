import { artefact, defineStage, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Fails when the signal is aborted. */
const untilStopped = (signal: AbortSignal): Effect.Effect<never, StageFailure> =>
  Effect.callback((resume) => {
    const stop = () =>
      resume(Effect.fail(new StageFailure({ reason: "cancelled", message: "the command was stopped" })))
    if (signal.aborted) return stop()
    signal.addEventListener("abort", stop, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", stop))
  })

/** Runs a shell command: the way out for what no other stage does. */
export const exec = defineStage({
  name: "exec",
  version: 2,
  summary: "Runs a shell command that fills the folder $OUTPUT",
  input: Type.Object(
    {
      command: Type.String({
        description:
          "For `sh -e`. It finds its inputs in $INPUT_<NAME>, variables that the stage's `env` and `secrets` name, writes to $OUTPUT, and works in a folder that is removed afterwards. Exit code 75 means: try again",
        minLength: 1,
        maxLength: 100_000,
      }),
      inputs: Type.Record(Type.String({ pattern: "^[a-z][a-z0-9-]*$" }), artefact("any"), {
        description: "What it reads, by name; scripts too, so that changing one runs the stage again",
        default: {},
        additionalProperties: false,
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    output: { kind: "any", description: "What the command has put into $OUTPUT" },
  },
  // A process of its own is also a process group of its own: what the command starts ends with it.
  isolation: "host",
  run: Effect.fnUntraced(function* (input, context) {
    const { runCommand } = yield* Effect.promise(() => import("../command/index.ts"))
    const place = { output: context.outputs.output, scratch: context.scratch }
    // A command keeps nothing for a next attempt: being asked to stop, it is ended at once.
    yield* Effect.raceFirst(
      runCommand({ ...input, environment: context.environment }, place),
      untilStopped(context.signal),
    )
  }),
})
