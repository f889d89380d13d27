import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Duration, Effect, type FileSystem, type Scope } from "effect"
import { makeFolder, remove } from "./durable.ts"
import type { Layout } from "./layout.ts"
import type { Leases } from "./lease.ts"
import { errorCode, type StoreError, storeError } from "./store-error.ts"

/** How often a claim that somebody else holds is looked at. */
const POLL = Duration.millis(100)
/** How long a claim may stay empty: between its creation and the writing of its lease lie microseconds. */
const PATIENCE = 10_000

interface Claim {
  readonly number: number
  readonly name: string
}

/** Claims are files `1`, `2`, …; one that was given up is called `2.done`. */
const listClaims = (folder: string): ReadonlyArray<Claim> => {
  try {
    return readdirSync(folder)
      .map((name) => ({ number: Number.parseInt(name, 10), name }))
      .filter((claim) => Number.isSafeInteger(claim.number))
      .sort((a, b) => b.number - a.number)
  } catch {
    return []
  }
}

const isHeld = (leases: Leases, folder: string, claim: Claim): boolean => {
  if (claim.name.endsWith(".done")) return false
  const file = join(folder, claim.name)
  try {
    const lease = readFileSync(file, "utf8")
    return lease === "" ? Date.now() - statSync(file).mtimeMs < PATIENCE : leases.isAlive(lease)
  } catch {
    // It was given up or cleared away just now: the next look will tell.
    return true
  }
}

/**
 * Claims a name for this process until the scope ends, waiting while another living process has it. `onWait` is called
 * once when there is something to wait for.
 *
 * The highest claim counts, and a higher one may be made only when the holder of the highest is gone or done. Making one
 * is exclusive, so of several who see a dead holder one gets the name; one who was late sees a number not below its own.
 */
export const claimName = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  layout: Layout,
  leases: Leases,
  name: string,
  onWait: () => void,
): Effect.fn.Return<void, StoreError, Scope.Scope> {
  const folder = layout.claims(name)
  const lease = yield* leases.own
  yield* makeFolder(fs, folder)

  const release = (number: number) =>
    Effect.ignore(fs.rename(join(folder, `${number}`), join(folder, `${number}.done`)))

  const tryToClaim = Effect.gen(function* () {
    const [highest] = listClaims(folder)
    if (highest !== undefined && isHeld(leases, folder, highest)) return false
    const number = (highest?.number ?? 0) + 1
    const file = join(folder, `${number}`)
    const created = yield* fs.writeFileString(file, lease, { flag: "wx" }).pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => errorCode(error) === "EEXIST",
        () => Effect.succeed(false),
      ),
      Effect.mapError(storeError("write", file)),
    )
    if (!created) return false
    const others = listClaims(folder).filter((claim) => claim.name !== `${number}`)
    if (others.some((claim) => claim.number >= number)) {
      yield* remove(fs, file)
      return false
    }
    yield* Effect.addFinalizer(() => release(number))
    yield* Effect.forEach(others, (claim) => Effect.ignore(remove(fs, join(folder, claim.name))))
    return true
  })

  let waits = false
  while (!(yield* Effect.uninterruptible(tryToClaim))) {
    const [highest] = listClaims(folder)
    if (!waits && highest !== undefined && isHeld(leases, folder, highest)) {
      waits = true
      onWait()
    }
    yield* Effect.sleep(POLL)
  }
})
