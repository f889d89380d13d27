import { dirname } from "node:path"
import { Deferred, Effect, Fiber, type Scope } from "effect"
import { isDirty } from "../observe/index.ts"
import type { RunContext } from "./run-context.ts"

/**
 * Asks git, once the run computes something and beside its work, whether the work tree differs from the commit. A run
 * that takes everything from the store doesn't ask.
 *
 * @returns an effect that waits for the answer, if there will be one
 */
export const followWorkTree = (context: RunContext): Effect.Effect<Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ask = Effect.gen(function* () {
      yield* Deferred.await(context.computing)
      const dirty = yield* isDirty(dirname(context.pipeline.file))
      if (dirty !== undefined) context.emit({ _tag: "WorkTreeChecked", dirty })
    })
    const asking = yield* Effect.forkScoped(ask)
    return Effect.suspend(() =>
      Deferred.isDoneUnsafe(context.computing) ? Effect.asVoid(Fiber.await(asking)) : Effect.void,
    )
  })
