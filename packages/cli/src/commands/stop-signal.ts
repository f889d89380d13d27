import { Effect, type Scope } from "effect"

const SIGNALS = ["SIGINT", "SIGTERM"] as const

/**
 * While the scope is open, the first SIGINT or SIGTERM only aborts what this gives. The next one does what signals do
 * otherwise: it interrupts the command.
 *
 * @param onStop called at the first signal
 */
export const stopSignal = (onStop: () => void): Effect.Effect<AbortSignal, never, Scope.Scope> => {
  const acquire = Effect.sync(() => {
    const controller = new AbortController()
    const former = SIGNALS.map((name) => [name, process.listeners(name)] as const)
    const stop = (): void => {
      giveBack()
      onStop()
      controller.abort()
    }
    const giveBack = (): void => {
      for (const [name, listeners] of former) {
        if (!process.listeners(name).includes(stop)) continue
        for (const listener of listeners) process.on(name, listener)
        process.removeListener(name, stop)
      }
    }
    for (const [name, listeners] of former) {
      process.on(name, stop)
      for (const listener of listeners) process.removeListener(name, listener)
    }
    return { signal: controller.signal, giveBack }
  })
  return Effect.map(
    Effect.acquireRelease(acquire, ({ giveBack }) => Effect.sync(giveBack)),
    ({ signal }) => signal,
  )
}
