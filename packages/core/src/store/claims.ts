import { readlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { Duration, Effect, type Scope } from "effect"
import { type Disk, discard, onDisk } from "./disk.ts"
import type { Layout } from "./layout.ts"
import type { Leases } from "./lease.ts"
import { errorCode, type StoreError } from "./store-error.ts"

/** How often a claim that somebody else holds is looked at. */
const POLL = Duration.millis(100)

/** The lease that a claim names, if there is such a claim. */
export const holderOf = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined
    throw cause
  }
}

/** Makes a claim unless there is one: in one step it is there with its holder's name. */
const create = (disk: Disk, lease: string, path: string): boolean => {
  for (;;) {
    try {
      disk.symlink(lease, path)
      return true
    } catch (cause) {
      if (errorCode(cause) === "EEXIST") return false
      if (errorCode(cause) !== "ENOENT") throw cause
      disk.makeFolder(dirname(path))
    }
  }
}

/** What came of an attempt at a claim. */
type Attempt =
  | { readonly _tag: "held" }
  | { readonly _tag: "missed" }
  /** The claim is ours; these links make it so, the first one first. */
  | { readonly _tag: "ours"; readonly links: ReadonlyArray<string> }

/**
 * A claim is a symbolic link whose target is the lease of its holder. When that process has died, its successor is who
 * makes the link `<claim>.<dead lease>`, and so on; making a link is exclusive, so of several who see a dead holder one
 * succeeds. Leases are never used twice, so a link that a slow process makes too late is told by the first link, which
 * is another one by then.
 */
const attempt = (disk: Disk, leases: Leases, lease: string, claim: string): Attempt => {
  const links = [claim]
  let last = claim
  for (;;) {
    if (create(disk, lease, last)) break
    const holder = holderOf(last)
    if (holder === undefined) return { _tag: "missed" }
    if (holder === lease || leases.isAlive(holder)) return { _tag: "held" }
    last = `${claim}.${holder}`
    links.push(last)
  }
  if (links.length === 1) return { _tag: "ours", links }
  const first = holderOf(claim)
  if (first !== undefined && links[1] === `${claim}.${first}`) return { _tag: "ours", links }
  discard(disk, last)
  return { _tag: "missed" }
}

/** The first link goes first: from then on the name is free, and nobody looks at the others. */
const release = (disk: Disk, links: ReadonlyArray<string>): void => {
  for (const link of links) {
    try {
      disk.unlink(link)
    } catch {
      // Left for a sweep; its lease tells that nobody holds it.
    }
  }
}

/**
 * Claims a name for this process until the scope ends, waiting while another living process, or another part of this
 * one, has it. `onWait` is called once when there is something to wait for.
 */
export const claimName = Effect.fnUntraced(function* (
  disk: Disk,
  layout: Layout,
  leases: Leases,
  name: string,
  onWait: () => void,
): Effect.fn.Return<void, StoreError, Scope.Scope> {
  const claim = layout.claim(name)
  const lease = yield* leases.own
  const once = onDisk("write", claim, () => attempt(disk, leases, lease, claim)).pipe(
    Effect.tap((made) =>
      made._tag === "ours"
        ? Effect.addFinalizer(() => Effect.sync(() => release(disk, made.links)))
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

/** Whether a living process holds a name. */
export const isClaimed = (layout: Layout, leases: Leases, name: string): boolean => {
  const claim = layout.claim(name)
  let holder = holderOf(claim)
  while (holder !== undefined) {
    if (leases.isAlive(holder)) return true
    holder = holderOf(`${claim}.${holder}`)
  }
  return false
}

/** Frees the names whose holders are dead, and removes links that lead on from them. */
export const clearClaims = (
  disk: Disk,
  leases: Leases,
  lease: string,
  layout: Layout,
  names: ReadonlyArray<string>,
): void => {
  for (const name of names) {
    const link = join(layout.claims, name)
    const holder = holderOf(link)
    if (holder === undefined || leases.isAlive(holder)) continue
    const successor = /^(.+)\.[0-9a-f]{16}$/.exec(name)?.[1]
    const former = successor === undefined ? undefined : join(layout.claims, successor)
    if (former !== undefined && holderOf(former) === undefined) release(disk, [link])
    else if (former === undefined) freeName(disk, leases, lease, link)
  }
}

const freeName = (disk: Disk, leases: Leases, lease: string, claim: string): void => {
  const made = attempt(disk, leases, lease, claim)
  if (made._tag === "ours") release(disk, made.links)
}
