import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { listRuns, type RunSummary, readJournal, Store, summarise } from "@diva-pipeline/core"
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"

const withStore = <A, E>(folder: string, use: Effect.Effect<A, E, Store>): Promise<A> =>
  Effect.runPromise(use.pipe(Effect.provide(Layer.provide(Store.layer(folder), NodeServices.layer))))

/** What the journals of a store tell of its runs, by their names. */
export const runsOf = (folder: string): Promise<ReadonlyMap<string, RunSummary>> =>
  withStore(
    folder,
    Effect.gen(function* () {
      const { runs } = yield* Store
      const names = yield* listRuns(runs)
      const summaries = new Map<string, RunSummary>()
      for (const name of names) {
        if (!existsSync(join(runs, name, "journal.jsonl"))) continue
        summaries.set(name, summarise(yield* readJournal(runs, name)))
      }
      return summaries
    }),
  )

/** The artefacts of which a byte is wrong. */
export const damagedIn = (folder: string, digests: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
  withStore(
    folder,
    Effect.gen(function* () {
      const store = yield* Store
      const damaged: Array<string> = []
      for (const digest of digests) {
        const error = yield* store
          .verify(digest)
          .pipe(Effect.match({ onFailure: (error) => error.message, onSuccess: () => "" }))
        if (error !== "") damaged.push(`${digest}: ${error}`)
      }
      return damaged
    }),
  )

/** What running attempts have left. */
export const leftovers = (folder: string): ReadonlyArray<string> => {
  const work = join(folder, "work")
  return existsSync(work) ? readdirSync(work) : []
}

/** All files of a folder with their contents, and all folders. */
export const contentsOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [
          path.slice(folder.length + 1),
          entry.isFile() ? readFileSync(path, "latin1") : "(folder)",
        ] as const
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
