import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Type } from "typebox"
import type { AttemptSink, StageCall } from "./call.ts"
import type { StageContext } from "./context.ts"
import { defineStage } from "./definition.ts"
import type { StageFailure } from "./failure.ts"
import { runInline } from "./run-inline.ts"

const call: StageCall = {
  stage: "test/inline",
  version: 1,
  input: {},
  outputs: {},
  scratch: "",
  checkpoint: "",
  environment: {},
  gpus: [],
  attempt: 1,
}

const stageOf = (run: (context: StageContext) => Effect.Effect<void, StageFailure>) =>
  defineStage({
    name: "test/inline",
    version: 1,
    summary: "Runs here",
    input: Type.Object({}),
    outputs: {},
    isolation: "inline",
    run: (_, context) => run(context),
  })

const listen = () => {
  const said: Array<string> = []
  const sink: AttemptSink = {
    progress: ({ done }) => said.push(`${done}`),
    log: (level, message) => said.push(`${level}: ${message}`),
    output: (line) => said.push(line),
  }
  return { said, sink }
}

/** Begins a stage, and interrupts it. */
const interrupted = Effect.fnUntraced(function* (
  run: (context: StageContext) => Effect.Effect<void, StageFailure>,
) {
  const { said, sink } = listen()
  const fiber = yield* Effect.forkChild(runInline(stageOf(run), call, sink))
  yield* Effect.yieldNow
  const ending = yield* Effect.forkChild(Fiber.interrupt(fiber))
  yield* TestClock.adjust("3 seconds")
  yield* Fiber.join(ending)
  return said
})

describe("a stage in the engine's process", () => {
  it.effect("succeeds and fails as it would elsewhere", () =>
    Effect.gen(function* () {
      const { sink } = listen()
      yield* runInline(
        stageOf(() => Effect.void),
        call,
        sink,
      )
      const failure = yield* Effect.flip(
        runInline(
          stageOf(() => Effect.die("a mistake")),
          call,
          sink,
        ),
      )
      assert.include(failure.message, "failed unexpectedly: a mistake")
    }),
  )

  it.effect("that stops when it is asked to is not complained about", () =>
    Effect.gen(function* () {
      const said = yield* interrupted(() => Effect.never)
      assert.deepStrictEqual(said, [])
      const slow = yield* interrupted(() => Effect.onInterrupt(Effect.never, () => Effect.sleep("2 seconds")))
      assert.deepStrictEqual(slow, [])
    }),
  )

  it.effect("that does not is left behind, with a warning that says what to do, and is not heard again", () =>
    Effect.gen(function* () {
      let isOver = false
      const said = yield* interrupted((context) =>
        Effect.uninterruptible(
          Effect.gen(function* () {
            yield* Effect.sleep("1 hour")
            context.log("info", "still here")
            isOver = true
          }),
        ),
      )
      yield* TestClock.adjust("2 hours")
      assert.isTrue(isOver)
      assert.lengthOf(said, 1)
      assert.match(
        said[0] ?? "",
        /^warning: test\/inline does not stop .* run it in a host \(`isolation: "host"`\)/,
      )
    }),
  )
})
