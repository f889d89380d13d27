import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { transient } from "../stage/index.ts"
import { retrySchedule } from "./retry.ts"

const rule = { attempts: 3, delay: 1, longest: 60 }
const policy = { transient: rule, crash: rule, timeout: rule }

/** The waits between the attempts at something that a server puts off. */
const waitsAfter = (retryAfter: number) =>
  Effect.gen(function* () {
    const waits: Array<number> = []
    const busy = Effect.fail(transient("busy", { retryAfter }))
    const schedule = retrySchedule(
      policy,
      (_, wait) => waits.push(wait),
      () => false,
    )
    const fiber = yield* Effect.forkChild(Effect.flip(Effect.retry(busy, schedule)))
    yield* TestClock.adjust("1 day")
    yield* Fiber.join(fiber)
    return waits
  })

describe("what a server asks for", () => {
  it.effect("is waited for, even where it is longer than the longest wait of the rule", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* waitsAfter(600), [600, 600])
      assert.deepStrictEqual(yield* waitsAfter(3600), [3600, 3600])
    }),
  )

  it.effect("is not waited for where it is more than an hour", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* waitsAfter(3601), [])
    }),
  )
})
