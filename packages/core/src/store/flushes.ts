import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { Context, Effect } from "effect"
import { type Disk, writeAtomically } from "./disk.ts"
import type { Layout } from "./layout.ts"
import { type StoreError, storeError } from "./store-error.ts"

/** A point of time that no setting of the clock moves: the start of the system it belongs to, and the seconds since then. */
export interface Moment {
  readonly boot: string
  readonly seconds: number
}

/**
 * What of a store has reached the disk for good. Nothing waits for the device while a run goes on: the system keeps what
 * was written even when the process is killed, and only a power failure may lose it. Whatever was written before a moment
 * that has not been flushed, in a life of the system that is over, is looked into before it is used again.
 */
export interface Flushes {
  readonly now: () => Moment
  /** Whether what was written before that moment is there for good, or at least the system has not stopped since. */
  readonly hasLasted: (moment: Moment) => boolean
  /** Makes all that was written so far survive a power failure. */
  readonly flush: Effect.Effect<void, StoreError>
}

const textOf = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return ""
  }
}

/** A name of the system's life since it was last started. Where nothing tells lives apart, all are taken for one. */
const findBoot = (): string =>
  textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")) ||
  textOf(() => execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { stdio: "pipe", encoding: "utf8" })) ||
  hostname()

/** The name of the system's present life. */
export const Boot = Context.Reference<string>("@diva-pipeline/core/store/Boot", { defaultValue: findBoot })

const secondsNow = (): number => Number(process.hrtime.bigint() / 1_000_000n) / 1000

/** The moment of the last flush in each life of the system: one small file for each. */
const readFlushed = (layout: Layout): Map<string, number> => {
  const flushed = new Map<string, number>()
  try {
    for (const boot of readdirSync(layout.flushed)) {
      const seconds = Number(readFileSync(join(layout.flushed, boot), "utf8"))
      if (Number.isFinite(seconds)) flushed.set(boot, seconds)
    }
  } catch {
    // Nothing was ever flushed.
  }
  return flushed
}

/** Follows what reaches the disk of the store with that layout. */
export const makeFlushes = (disk: Disk, layout: Layout, boot: string): Flushes => {
  let flushed: ReadonlyMap<string, number> | undefined
  const hasLasted = (moment: Moment): boolean => {
    if (moment.boot === boot) return true
    flushed ??= readFlushed(layout)
    return moment.seconds <= (flushed.get(moment.boot) ?? -1)
  }
  const flush = Effect.suspend(() => {
    const seconds = secondsNow()
    return Effect.tryPromise({
      try: async () => {
        await disk.flushAll(layout.root)
        writeAtomically(disk, join(layout.flushed, boot), String(seconds))
      },
      catch: storeError("flush", layout.root),
    })
  })
  return { now: () => ({ boot, seconds: secondsNow() }), hasLasted, flush }
}
