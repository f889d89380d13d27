import { Context, Effect, Layer, Semaphore } from "effect"
import type { AttemptSink, StageCall } from "./call.ts"
import type { StageFailure } from "./failure.ts"
import { type Host, type HostCommand, startHost } from "./host-process.ts"

/** Runs stages in processes of their own, which are kept for the next stage. */
export class HostPool extends Context.Service<
  HostPool,
  {
    /** Runs one attempt in a host process. The death of the process is a failure with the reason `crash`. */
    readonly run: (call: StageCall, sink: AttemptSink) => Effect.Effect<void, StageFailure>
  }
>()("@diva-pipeline/core/stage/HostPool") {
  /** A pool that starts hosts when they are needed, at most `slots` at a time, and stops them when it ends. */
  static layer(options: HostCommand & { readonly slots: number }): Layer.Layer<HostPool> {
    return Layer.effect(HostPool, makePool(options))
  }
}

const makePool = Effect.fnUntraced(function* (options: HostCommand & { readonly slots: number }) {
  const idle: Array<Host> = []
  const slots = yield* Semaphore.make(Math.max(1, options.slots))
  yield* Effect.addFinalizer(() =>
    Effect.forEach(idle.splice(0), (host) => host.stop, { concurrency: "unbounded", discard: true }),
  )

  const acquire = Effect.sync(() => {
    for (let host = idle.pop(); host !== undefined; host = idle.pop()) if (host.isIdle()) return host
    return startHost(options)
  })
  const release = (host: Host): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!host.isIdle()) return host.stop
      idle.push(host)
      return Effect.void
    })

  return HostPool.of({
    run: (call, sink) =>
      Effect.acquireUseRelease(acquire, (host) => host.run(call, sink), release).pipe(slots.withPermits(1)),
  })
})
