import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { type StoreError, storeError } from "../store/index.ts"
import { briefOf, isAlive, type RunBrief, readBrief } from "./brief.ts"
import { readJournal, setLatest } from "./journal.ts"

/** The names of all runs, the oldest first. */
export const listRuns = (runs: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.sync(() => {
    try {
      const entries = readdirSync(runs, { withFileTypes: true })
      return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
    } catch {
      return []
    }
  })

/** The name of the run that began last, if there was one. */
export const latestRun = (runs: string): Effect.Effect<string | undefined> =>
  Effect.sync(() => {
    try {
      return readFileSync(join(runs, "latest"), "utf8").trim()
    } catch {
      return undefined
    }
  })

/** A run in brief, whether it goes on, has ended or was killed. Only a run that was killed has its journal read. */
export const readRun = Effect.fnUntraced(function* (runs: string, run: string) {
  const folder = join(runs, run)
  const brief = readBrief(folder)
  if (brief !== undefined && (brief.status !== "running" || isAlive(folder, brief))) {
    if (brief.status !== "running") return brief
    return { ...brief, seconds: (Date.now() - brief.started) / 1000 }
  }
  const events = yield* Effect.orElseSucceed(readJournal(runs, run), () => [])
  return { ...briefOf(events), run }
})

/** The runs that a text can mean: those whose name, or the last part of it, begins so. */
export const matchingRuns = (names: ReadonlyArray<string>, text: string): ReadonlyArray<string> => {
  if (names.includes(text)) return [text]
  return names.filter(
    (name) => name.startsWith(text) || name.slice(name.lastIndexOf("-") + 1).startsWith(text),
  )
}

/** Which runs are to go. */
export interface Removal {
  readonly runs: ReadonlyArray<RunBrief>
  /** Those that would go as well, but go on just now. */
  readonly running: ReadonlyArray<RunBrief>
}

/** What runs are told by. */
export interface RemovalRule {
  readonly names: ReadonlyArray<string>
  /** Seconds since their beginning. */
  readonly olderThan: number | undefined
  /** How many of the newest stay, whatever else is said; those that are named go all the same. */
  readonly keep: number | undefined
}

/** Chooses the runs to remove: those that are named, and those that are both old enough and not among the newest. */
export const planRemoval = (briefs: ReadonlyArray<RunBrief>, rule: RemovalRule, now: number): Removal => {
  const named = new Set(rule.names)
  const hasRule = rule.olderThan !== undefined || rule.keep !== undefined
  const newest = [...briefs].sort((a, b) => b.started - a.started)
  const kept = new Set(newest.slice(0, rule.keep ?? 0))
  const isOld = (brief: RunBrief): boolean => now - brief.started > (rule.olderThan ?? 0) * 1000
  const goes = newest.filter((brief) => named.has(brief.run) || (hasRule && !kept.has(brief) && isOld(brief)))
  return {
    runs: goes.filter((brief) => brief.status !== "running"),
    running: goes.filter((brief) => brief.status === "running"),
  }
}

/** Removes what is kept of runs; artefacts stay. The latest of those that are left becomes the latest. */
export const removeRuns = (runs: string, names: ReadonlyArray<string>): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    for (const name of names) {
      const folder = join(runs, name)
      yield* Effect.try({
        try: () => rmSync(folder, { recursive: true, force: true }),
        catch: storeError("remove", folder),
      })
    }
    const last = (yield* listRuns(runs)).at(-1)
    if (!names.includes((yield* latestRun(runs)) ?? "")) return
    yield* Effect.try({
      try: () => (last === undefined ? rmSync(join(runs, "latest"), { force: true }) : setLatest(runs, last)),
      catch: storeError("write", join(runs, "latest")),
    })
  })
