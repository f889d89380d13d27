import { type Garbage, type Inventory, type Needs, Store, type StoreError } from "@diva-pipeline/core"
import { Console, Effect } from "effect"
import { CommandFailed, storeFailed } from "../command-failed.ts"
import { formatBytes, formatCount, stylerFor } from "../terminal/index.ts"
import { listResults, renderResults } from "./cache-listing.ts"
import { selectArtefacts, selectKeys } from "./cache-selection.ts"
import { type Keep, listUses, needsOf } from "./cache-uses.ts"

/** The options of every subcommand of `cache`. */
export interface CacheOptions {
  readonly store: string
  readonly json: boolean
}

/** The options of those that remove something: without `yes` they only say what would go. */
export interface RemovalOptions extends CacheOptions {
  readonly yes: boolean
}

const withStore = <A>(
  options: CacheOptions,
  effect: Effect.Effect<A, StoreError | CommandFailed, Store>,
): Effect.Effect<A, CommandFailed> =>
  effect.pipe(
    Effect.provide(Store.layer(options.store)),
    Effect.catchTag("StoreError", (error) => Effect.fail(storeFailed(error))),
  )

const print = (options: CacheOptions, value: unknown, lines: ReadonlyArray<string>) =>
  Console.log(options.json ? JSON.stringify(value, null, 2) : lines.join("\n"))

const total = (parts: ReadonlyArray<{ readonly size: number }>): number =>
  parts.reduce((sum, { size }) => sum + size, 0)

/** `diva-pipeline cache ls`: the results in the store. */
export const list = Effect.fn("cache ls")(function* (options: CacheOptions) {
  yield* withStore(
    options,
    Effect.gen(function* () {
      const store = yield* Store
      const inventory = yield* store.collection.inventory
      const results = listResults(inventory, yield* listUses(store))
      const { trees, checkpoints } = inventory
      const sum = `${formatCount(results.length, "result")}, ${formatBytes(total(trees))}; ${formatCount(checkpoints.length, "checkpoint")}, ${formatBytes(total(checkpoints))}`
      const table = results.length === 0 ? [] : renderResults(results, stylerFor(process.stdout), Date.now())
      yield* print(options, { results, size: total(trees) }, [...table, sum])
    }),
  )
})

/** Progress is told to people who have waited this long, and then as often. */
const PATIENCE = 2000
/** Large files are hashed by several threads each. */
const PARALLEL = 2

const makeProgress = (inventory: Inventory) => {
  const all = total(inventory.trees)
  let done = 0
  let told = Date.now()
  return (size: number): Effect.Effect<void> => {
    done += size
    if (Date.now() - told < PATIENCE) return Effect.void
    told = Date.now()
    return Console.error(`checked ${formatBytes(done)} of ${formatBytes(all)}`)
  }
}

/** `diva-pipeline cache verify`: reads every byte; sets aside what is damaged and ends with code 1 if anything is. */
export const verify = Effect.fn("cache verify")(function* (options: CacheOptions) {
  const { checked, damaged } = yield* withStore(
    options,
    Effect.gen(function* () {
      const store = yield* Store
      const inventory = yield* store.collection.inventory
      const progress = makeProgress(inventory)
      const faults = yield* Effect.forEach(
        inventory.trees,
        ({ digest, size }) =>
          store.verify(digest).pipe(
            Effect.as([]),
            Effect.catchTag("ArtefactDamaged", ({ message }) =>
              Effect.as(store.collection.setAside(digest), [{ digest, message }]),
            ),
            Effect.tap(() => progress(size)),
          ),
        { concurrency: PARALLEL },
      )
      return { checked: inventory.trees.length, damaged: faults.flat() }
    }),
  )
  const lines = damaged.map(({ digest, message }) => `✗ ${digest.slice(0, 12)}  ${message}`)
  yield* print(options, { checked, damaged }, [
    ...lines,
    `${formatCount(checked, "artefact")} checked, ${damaged.length} damaged`,
  ])
  if (damaged.length > 0) {
    return yield* new CommandFailed({
      message: `${formatCount(damaged.length, "artefact")} damaged and set aside`,
      hint: "run again: what is needed is made anew",
    })
  }
})

/** What goes, or would go, in words. */
const tell = (options: RemovalOptions, { records, trees, folders }: Garbage) => {
  const lines = [
    ...records.map(({ record }) => `  result      ${record.stage}  ${record.key.slice(0, 12)}`),
    ...trees.map(({ digest, size }) => `  artefact    ${digest.slice(0, 12)}  ${formatBytes(size)}`),
    ...folders.map(({ path, size }) => `  folder      ${path}  ${formatBytes(size)}`),
  ]
  const size = total(trees) + total(folders)
  const what = `${formatCount(records.length, "result")}, ${formatCount(trees.length, "artefact")}, ${formatBytes(size)}`
  const isNothing = lines.length === 0
  const closing = options.yes ? `removed ${what}` : `would remove ${what}; --yes does it`
  const value = {
    removed: options.yes,
    size,
    keys: records.map(({ record }) => record.key),
    artefacts: trees.map(({ digest }) => digest),
    folders: folders.map(({ path }) => path),
  }
  return print(options, value, isNothing ? ["nothing to remove"] : [...lines, closing])
}

/** `diva-pipeline cache gc`: removes what neither recent runs nor pins need. */
export const collect = Effect.fn("cache gc")(function* (options: RemovalOptions & Keep) {
  yield* withStore(
    options,
    Effect.gen(function* () {
      const store = yield* Store
      const needs = needsOf(store, options)
      const { collect: remove, garbage } = store.collection
      yield* tell(options, yield* options.yes ? remove(needs) : garbage(needs))
    }),
  )
})

const unknown = (selector: string): CommandFailed =>
  new CommandFailed({
    message: `nothing in the store is called ${selector}`,
    hint: "`diva-pipeline cache ls` lists what there is",
  })

/** Nobody's needs: what was named is to go. Artefacts that runs at work have used stay nevertheless. */
const needsOfRunning = (store: Store["Service"]): Effect.Effect<Needs, StoreError> =>
  needsOf(store, { runs: 0, days: 0 })

/** `diva-pipeline cache rm`: removes results by name. */
export const remove = Effect.fn("cache rm")(function* (
  options: RemovalOptions & { readonly selectors: ReadonlyArray<string> },
) {
  yield* withStore(
    options,
    Effect.gen(function* () {
      const store = yield* Store
      const [inventory, runs] = [yield* store.collection.inventory, yield* listUses(store)]
      const keys = new Set<string>()
      for (const selector of options.selectors) {
        const selected = selectKeys(selector, inventory, runs)
        if (selected.size === 0) return yield* unknown(selector)
        for (const key of selected) keys.add(key)
      }
      const { recordsOf, removeRecords } = store.collection
      const gone = options.yes ? removeRecords(keys, needsOfRunning(store)) : recordsOf(keys)
      yield* tell(options, yield* gone)
    }),
  )
})

const artefactOf = Effect.fnUntraced(function* (selector: string) {
  const store = yield* Store
  const found = selectArtefacts(selector, yield* store.collection.inventory, yield* listUses(store))
  const [first] = found
  if (first === undefined) return yield* unknown(selector)
  if (found.some(({ digest }) => digest !== first.digest)) {
    return yield* new CommandFailed({
      message: `${selector} names several artefacts: ${found.map(({ name }) => name).join(", ")}`,
      hint: "name one of them",
    })
  }
  return first
})

/** `diva-pipeline cache path`: where an artefact is. */
export const path = Effect.fn("cache path")(function* (options: CacheOptions & { selector: string }) {
  yield* withStore(
    options,
    Effect.gen(function* () {
      const store = yield* Store
      const { digest, name } = yield* artefactOf(options.selector)
      const artefact = yield* store.artefact(digest).pipe(
        Effect.mapError(
          ({ message }) =>
            new CommandFailed({
              message: `${name} is damaged: ${message}`,
              hint: "run again: it is made anew",
            }),
        ),
      )
      yield* print(options, { name, digest, path: artefact.path }, [artefact.path])
    }),
  )
})

/** `diva-pipeline cache pin` and `unpin`: artefacts that are kept whatever happens. */
export const pin = Effect.fn("cache pin")(function* (
  options: CacheOptions & { readonly selector: string; readonly isPinned: boolean },
) {
  yield* withStore(
    options,
    Effect.gen(function* () {
      const { collection } = yield* Store
      const { digest, name } = yield* artefactOf(options.selector)
      const changed = options.isPinned
        ? yield* Effect.as(collection.pin(digest, name), true)
        : yield* collection.unpin(digest)
      const words = options.isPinned ? "pinned" : changed ? "no longer pinned" : "was not pinned"
      yield* print(options, { name, digest, pinned: options.isPinned }, [
        `${name} ${digest.slice(0, 12)} ${words}`,
      ])
    }),
  )
})
