import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { Claims } from "./claims.ts"
import { type Disk, onDisk } from "./disk.ts"
import type { Layout } from "./layout.ts"
import type { Leases } from "./lease.ts"
import type { StoreError } from "./store-error.ts"

/** The names in a folder; none when it isn't there. */
export const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Work folders bear the name of the lease under which they were made. */
export const staleWork = (layout: Layout, leases: Leases): ReadonlyArray<string> =>
  namesIn(layout.work)
    .filter((name) => !leases.isAlive(name.split("-")[0] ?? name))
    .map((name) => join(layout.work, name))

/** The name that is claimed while garbage is collected. */
export const COLLECTION = "garbage collection"

/**
 * Clears away what dead processes have left: their work, their claims, their leases. From then on this process is known
 * to use the store: while somebody collects garbage who could not know that yet, it waits.
 */
export const sweep = (
  disk: Disk,
  layout: Layout,
  leases: Leases,
  claims: Claims,
): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const own = yield* leases.own
    while (claims.isClaimed(COLLECTION)) yield* Effect.sleep("100 millis")
    for (const folder of staleWork(layout, leases)) {
      yield* onDisk("remove", folder, () => disk.remove(folder))
    }
    const claimed = namesIn(layout.claims)
    if (claimed.length > 0) {
      yield* onDisk("remove", layout.claims, () => claims.clear(own, claimed))
    }
    // Last, for a lease is what tells that the rest is stale.
    for (const lease of leases.all()) {
      const file = leases.fileOf(lease)
      if (!leases.isAlive(lease)) yield* onDisk("remove", file, () => disk.remove(file))
    }
  })
