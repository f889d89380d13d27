import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync, statSync, utimes } from "node:fs"
import { join } from "node:path"
import { Duration, Effect, Schedule, Schema, Scope, Semaphore } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { type Disk, discard, onDisk, writeAtomically } from "./disk.ts"
import { markFormat } from "./format.ts"
import type { Layout } from "./layout.ts"
import { isRunning, ownIdentity, ProcessIdentity } from "./process-identity.ts"
import type { StoreError } from "./store-error.ts"

/** How long a process on another machine is believed without a sign of life, while we watch. */
const PATIENCE = 60_000
/** How old its last sign may be at the first look. Clocks of machines differ, and may be set: this is far beyond it. */
const LONG_GONE = 600_000
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
  /** All leases, of the living and of the dead. */
  readonly all: () => ReadonlyArray<string>
  readonly fileOf: (lease: string) => string
}

const parseIdentity = Schema.decodeUnknownSync(Schema.fromJsonString(ProcessIdentity))

/**
 * Whether leases of other machines show signs of life. What counts is whether the sign changes while we watch, by a clock
 * that nobody sets; the time of the sign itself is believed only when it is very old.
 */
const makeWatch = () => {
  const seen = new Map<string, { readonly sign: number; readonly since: number }>()
  return (lease: string, sign: number): boolean => {
    if (Date.now() - sign > LONG_GONE) return false
    const former = seen.get(lease)
    if (former?.sign === sign) return performance.now() - former.since < PATIENCE
    seen.set(lease, { sign, since: performance.now() })
    return true
  }
}

/** The leases of a store; this process's own ends with the scope. */
export const makeLeases = Effect.fnUntraced(function* (
  disk: Disk,
  layout: Layout,
): Effect.fn.Return<Leases, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const fileOf = (lease: string): string => join(layout.leases, `${lease}.json`)
  const showsLife = makeWatch()
  let taken: string | undefined

  const isAlive = (lease: string): boolean => {
    if (lease === taken) return true
    try {
      const running = isRunning(parseIdentity(readFileSync(fileOf(lease), "utf8")))
      return running ?? showsLife(lease, statSync(fileOf(lease)).mtimeMs)
    } catch {
      return false
    }
  }

  const take = Effect.gen(function* () {
    const lease = randomBytes(8).toString("hex")
    const file = fileOf(lease)
    yield* markFormat(disk, layout)
    yield* Effect.acquireRelease(
      onDisk("write", file, () => writeAtomically(disk, file, canonicalJson(ownIdentity()))),
      () => Effect.sync(() => discard(disk, file)),
    )
    const beat = Effect.sync(() => utimes(file, new Date(), new Date(), () => undefined))
    yield* Effect.forkScoped(Effect.repeat(beat, Schedule.spaced(HEARTBEAT)))
    taken = lease
    return lease
  })
  const mutex = yield* Semaphore.make(1)
  const takeOnce = Effect.suspend(() =>
    taken === undefined ? Effect.provideService(take, Scope.Scope, scope) : Effect.succeed(taken),
  ).pipe(mutex.withPermits(1))
  const own = Effect.suspend(() => (taken === undefined ? takeOnce : Effect.succeed(taken)))

  const all = (): ReadonlyArray<string> => {
    try {
      const names = readdirSync(layout.leases).filter((name) => name.endsWith(".json"))
      return names.map((name) => name.slice(0, -".json".length))
    } catch {
      return []
    }
  }
  return { own, isAlive, all, fileOf }
})
