import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Duration, Effect, type FileSystem, Schedule, Schema, Scope, Semaphore } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { remove, uniqueName, writeAtomically } from "./durable.ts"
import type { Layout } from "./layout.ts"
import { isRunning, ownIdentity, ProcessIdentity } from "./process-identity.ts"
import type { StoreError } from "./store-error.ts"

/** How long a lease of a process on another machine is believed without a sign of life. */
const PATIENCE = 60_000
const HEARTBEAT = Duration.seconds(10)

/**
 * Proof that a process lives. Everything a process holds in the store for a while (work folders, claims) bears the name
 * of its lease, so that one question tells whether it may be cleared away.
 */
export interface Leases {
  /** The name of this process's own lease, which it takes when it first needs one. */
  readonly own: Effect.Effect<string, StoreError>
  /** Whether the process that holds this lease still lives. */
  readonly isAlive: (lease: string) => boolean
  /** The leases of processes that are gone. */
  readonly dead: () => ReadonlyArray<string>
  readonly fileOf: (lease: string) => string
}

const parseIdentity = Schema.decodeUnknownSync(Schema.fromJsonString(ProcessIdentity))

/** The leases of a store; this process's own ends with the scope. */
export const makeLeases = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  layout: Layout,
): Effect.fn.Return<Leases, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const fileOf = (lease: string): string => join(layout.leases, `${lease}.json`)

  const isAlive = (lease: string): boolean => {
    try {
      const running = isRunning(parseIdentity(readFileSync(fileOf(lease), "utf8")))
      return running ?? Date.now() - statSync(fileOf(lease)).mtimeMs < PATIENCE
    } catch {
      return false
    }
  }

  const take = Effect.gen(function* () {
    const lease = uniqueName()
    yield* Effect.acquireRelease(
      writeAtomically(fs, fileOf(lease), canonicalJson(ownIdentity()), { durable: false }),
      () => Effect.ignore(remove(fs, fileOf(lease))),
    )
    const beat = Effect.suspend(() => fs.utimes(fileOf(lease), new Date(), new Date()))
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(beat), Schedule.spaced(HEARTBEAT)))
    return lease
  })
  const mutex = yield* Semaphore.make(1)
  let taken: string | undefined
  const own = Effect.suspend(() =>
    taken === undefined
      ? Effect.tap(Effect.provideService(take, Scope.Scope, scope), (lease) =>
          Effect.sync(() => {
            taken = lease
          }),
        )
      : Effect.succeed(taken),
  ).pipe(mutex.withPermits(1))

  const dead = (): ReadonlyArray<string> => {
    try {
      const names = readdirSync(layout.leases).filter((name) => name.endsWith(".json"))
      return names.map((name) => name.slice(0, -".json".length)).filter((lease) => !isAlive(lease))
    } catch {
      return []
    }
  }
  return { own, isAlive, dead, fileOf }
})
