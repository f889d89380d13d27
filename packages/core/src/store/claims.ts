import { readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { Duration, Effect, Scope } from "effect"
import { type Disk, discard, onDisk } from "./disk.ts"
import type { Layout } from "./layout.ts"
import type { Leases } from "./lease.ts"
import { statsOf } from "./states.ts"
import { errorCode, type StoreError } from "./store-error.ts"

/** How often a claim that somebody else holds is looked at. */
const POLL = Duration.millis(100)

/** Holding names against all processes that use a store. */
export interface Claims {
  /**
   * Claims a name for this process until the scope ends, waiting while another living process, or another part of this
   * one, has it. `onWait` is called once when there is something to wait for.
   */
  readonly claim: (name: string, onWait: () => void) => Effect.Effect<void, StoreError, Scope.Scope>
  /** Whether a living process holds a name. */
  readonly isClaimed: (name: string) => boolean
  /** Frees names whose holders are dead, and removes what leads on from them. */
  readonly clear: (lease: string, files: ReadonlyArray<string>) => void
}

/** What came of an attempt at a claim. */
type Attempt =
  | { readonly _tag: "held" }
  | { readonly _tag: "missed" }
  /** The claim is ours; these folders make it so, the first one first. */
  | { readonly _tag: "ours"; readonly places: ReadonlyArray<string> }

/** The lease that a claim names, if there is such a claim. */
const holderOf = (path: string): string | undefined => {
  try {
    return readdirSync(path)[0]
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined
    throw cause
  }
}

/**
 * The folders that this process puts in the place of claims, each with an empty file that bears its lease's name. They
 * are used again and again: moving a folder costs a disk far less than making and removing one.
 */
class Tokens {
  readonly #disk: Disk
  readonly #layout: Layout
  readonly #spare: Array<string> = []
  #count = 0

  constructor(disk: Disk, layout: Layout) {
    this.#disk = disk
    this.#layout = layout
  }

  /** Puts one in a place unless there is one already: in one step it is there with its holder's name. */
  put(lease: string, place: string): boolean {
    const token = this.#spare.pop() ?? this.#make(lease)
    for (;;) {
      try {
        this.#disk.rename(token, place)
        return true
      } catch (cause) {
        const lacksParent = errorCode(cause) === "ENOENT" && statsOf(dirname(place)) === undefined
        if (!lacksParent) this.#spare.push(token)
        if (["EEXIST", "ENOTEMPTY"].includes(errorCode(cause))) return false
        if (!lacksParent) throw cause
        this.#disk.makeFolder(dirname(place))
      }
    }
  }

  /** Takes one back. */
  takeBack(lease: string, place: string): void {
    const token = this.#next(lease)
    try {
      this.#disk.rename(place, token)
      this.#spare.push(token)
    } catch {
      // Left for a sweep; its lease tells that nobody holds it.
    }
  }

  remove(): void {
    for (const token of this.#spare.splice(0)) discard(this.#disk, token)
  }

  #next(lease: string): string {
    return join(this.#layout.work, `${lease}-claim-${++this.#count}`)
  }

  #make(lease: string): string {
    const token = this.#next(lease)
    this.#disk.makeFolder(token)
    this.#disk.write(join(token, lease), "")
    return token
  }
}

/** The claims of a store; what they leave of this process's own is removed with the scope. */
export const makeClaims = Effect.fnUntraced(function* (
  disk: Disk,
  layout: Layout,
  leases: Leases,
): Effect.fn.Return<Claims, never, Scope.Scope> {
  const tokens = new Tokens(disk, layout)
  yield* Effect.addFinalizer(() => Effect.sync(() => tokens.remove()))

  /**
   * A claim is a folder with the name of its holder's lease in it. When that process has died, its successor is who puts
   * `<claim>.<dead lease>` in place, and so on; a folder that isn't empty cannot be replaced, so of several who see a dead
   * holder one succeeds. Leases are never used twice, so what a slow process puts in place too late is told by the first
   * folder, which is another's by then.
   */
  const attempt = (lease: string, claim: string): Attempt => {
    const places = [claim]
    let last = claim
    for (;;) {
      if (tokens.put(lease, last)) break
      const holder = holderOf(last)
      if (holder === undefined) return { _tag: "missed" }
      if (holder === lease || leases.isAlive(holder)) return { _tag: "held" }
      last = `${claim}.${holder}`
      places.push(last)
    }
    if (places.length === 1) return { _tag: "ours", places }
    const first = holderOf(claim)
    if (first !== undefined && places[1] === `${claim}.${first}`) return { _tag: "ours", places }
    tokens.takeBack(lease, last)
    return { _tag: "missed" }
  }

  const claim: Claims["claim"] = Effect.fnUntraced(function* (name, onWait) {
    const path = layout.claim(name)
    const lease = yield* leases.own
    const scope = yield* Effect.scope
    const once = onDisk("write", path, () => attempt(lease, path)).pipe(
      Effect.tap((made) =>
        made._tag === "ours"
          ? Scope.addFinalizer(
              scope,
              Effect.sync(() => release(lease, made.places)),
            )
          : Effect.void,
      ),
      Effect.uninterruptible,
    )
    let waits = false
    for (;;) {
      const made = yield* once
      if (made._tag === "ours") return
      if (made._tag === "missed") continue
      if (!waits) onWait()
      waits = true
      yield* Effect.sleep(POLL)
    }
  })

  /** The last is ours; those before it have the dead left. The first goes first: from then on the name is free. */
  const release = (lease: string, places: ReadonlyArray<string>): void => {
    for (const place of places.slice(0, -1)) removeDead(place, holderOf(place) ?? "")
    for (const place of places.slice(-1)) tokens.takeBack(lease, place)
  }

  const removeDead = (place: string, holder: string): void => {
    try {
      disk.unlink(join(place, holder))
      disk.removeEmptyFolder(place)
    } catch {
      // Somebody else removes it, or has claimed the name since.
    }
  }

  const isClaimed = (name: string): boolean => {
    const path = layout.claim(name)
    let holder = holderOf(path)
    while (holder !== undefined) {
      if (leases.isAlive(holder)) return true
      holder = holderOf(`${path}.${holder}`)
    }
    return false
  }

  const clear: Claims["clear"] = (lease, names) => {
    for (const name of names) {
      const place = join(layout.claims, name)
      const holder = holderOf(place)
      if (holder === undefined || leases.isAlive(holder)) continue
      const successor = /^(.+)\.[0-9a-f]{16}$/.exec(name)?.[1]
      if (successor === undefined) {
        const made = attempt(lease, place)
        if (made._tag === "ours") release(lease, made.places)
      } else if (holderOf(join(layout.claims, successor)) === undefined) removeDead(place, holder)
    }
  }

  return { claim, isClaimed, clear }
})
