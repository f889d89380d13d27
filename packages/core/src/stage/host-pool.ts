import { Context, Effect, Layer, Semaphore } from "effect"
import type { AttemptSink, StageCall } from "./call.ts"
import type { StageFailure } from "./failure.ts"
import { type Host, type HostCommand, startHost } from "./host-process.ts"

/** Runs stages in processes of their own, which are kept for the next stage. */
export class HostPool extends Context.Service<
  HostPool,
  {
    /**
     * Runs one attempt in a host process. The death of the process is a failure with the reason `crash`.
     *
     * @param stop when it is aborted the stage is asked to keep what it has and end
     */
    readonly run: (
      call: StageCall,
      sink: AttemptSink,
      stop?: AbortSignal,
    ) => Effect.Effect<void, StageFailure>
  }
>()("@diva-pipeline/core/stage/HostPool") {
  /** A pool that starts hosts when they are needed, at most `slots` at a time, and stops them when it ends. */
  static layer(options: HostCommand & { readonly slots: number }): Layer.Layer<HostPool> {
    return Layer.effect(HostPool, makePool(options))
  }
}

/** Graphics processors are chosen when a process starts: a host serves those who hold the same ones. */
const gpusOf = (call: StageCall): string => call.gpus.join()

const makePool = Effect.fnUntraced(function* (options: HostCommand & { readonly slots: number }) {
  const idle = new Map<string, Array<Host>>()
  const slots = yield* Semaphore.make(Math.max(1, options.slots))
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...idle.values()].flat(), (host) => host.stop, {
      concurrency: "unbounded",
      discard: true,
    }),
  )

  const acquire = (gpus: string) =>
    Effect.sync(() => {
      const hosts = idle.get(gpus) ?? []
      for (let host = hosts.pop(); host !== undefined; host = hosts.pop()) if (host.isIdle()) return host
      return startHost(options, gpus)
    })
  const release = (gpus: string, host: Host): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!host.isIdle()) return host.stop
      idle.set(gpus, [...(idle.get(gpus) ?? []), host])
      return Effect.void
    })

  return HostPool.of({
    run: (call, sink, stop) =>
      Effect.acquireUseRelease(
        acquire(gpusOf(call)),
        (host) => host.run(call, sink, stop),
        (host) => release(gpusOf(call), host),
      ).pipe(slots.withPermits(1)),
  })
})
