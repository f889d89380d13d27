import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Store } from "@diva-pipeline/core"
import { loadBenchmarks } from "@diva-pipeline/stages"
import { Console, Effect, Option } from "effect"
import { storeFailed } from "../command-failed.ts"
import { formatCount, type Styler, stylerFor } from "../terminal/index.ts"

/** The options of `diva-pipeline benchmarks`. */
export interface BenchmarksOptions {
  readonly root: ReadonlyArray<string>
  readonly store: string
  readonly json: boolean
}

type Catalogue = Awaited<ReturnType<typeof loadBenchmarks>>
type Listed = Catalogue["BENCHMARKS"][number] & {
  readonly atHand: NonNullable<Awaited<ReturnType<Catalogue["findAtHand"]>>> | null
}

const nameIn = (folder: string): string | undefined => {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))
    return typeof manifest === "object" && manifest !== null && "name" in manifest
      ? String(manifest.name)
      : undefined
  } catch {
    return undefined
  }
}

/** Benchmarks that runs have fetched into the store, by name; damaged ones don't count. */
const fetched = Effect.fnUntraced(function* (folder: string) {
  const found = new Map<string, string>()
  if (!existsSync(folder)) return found
  yield* Effect.gen(function* () {
    const store = yield* Store
    const { records } = yield* store.collection.inventory
    for (const { record } of records.filter(({ record }) => record.stage === "benchmark/fetch")) {
      for (const digest of Object.values(record.outputs)) {
        const artefact = yield* Effect.option(store.artefact(digest))
        const name = Option.isSome(artefact) ? nameIn(artefact.value.path) : undefined
        if (Option.isSome(artefact) && name !== undefined) found.set(name, artefact.value.path)
      }
    }
  }).pipe(
    Effect.provide(Store.layer(folder)),
    Effect.catchTag("StoreError", (error) => Effect.fail(storeFailed(error))),
  )
  return found
})

const rowOf = (listed: Listed, style: Styler) => {
  const { name, task, size, classes, metric, templates, licence, atHand } = listed
  const place =
    atHand === null
      ? style.quiet("-")
      : atHand.missing.length === 0
        ? style.good(atHand.folder)
        : style.warning(`${atHand.folder} lacks ${atHand.missing.slice(0, 3).join(", ")}`)
  return [
    name,
    task,
    size.toLocaleString("en").replaceAll(",", " "),
    classes === null ? "-" : String(classes),
    templates === null ? "-" : String(templates.count),
    metric,
    licence ?? "unknown",
    place,
  ]
}

const HEAD = ["benchmark", "task", "images", "classes", "prompts", "metric", "licence", "at hand"]

const tableOf = (listed: ReadonlyArray<Listed>, style: Styler): ReadonlyArray<string> => {
  const rows = [HEAD, ...listed.map((entry) => rowOf(entry, style))]
  const widths = HEAD.slice(0, -1).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
}

/** What is in one of the folders, whole, else what a run has fetched, else a part of it in one of the folders. */
const listAll = async (
  { BENCHMARKS, findAtHand }: Catalogue,
  roots: ReadonlyArray<string>,
  inStore: ReadonlyMap<string, string>,
): Promise<ReadonlyArray<Listed>> =>
  Promise.all(
    BENCHMARKS.map(async (entry) => {
      const inFolders = await findAtHand(entry, roots)
      const folder = inStore.get(entry.name)
      const isKept = folder !== undefined && inFolders?.missing.length !== 0
      return { ...entry, atHand: isKept ? { folder, missing: [] } : (inFolders ?? null) }
    }),
  )

/** `diva-pipeline benchmarks`: the catalogue, and what of it is on this machine. */
export const benchmarks = Effect.fn("benchmarks")(function* ({ root, store, json }: BenchmarksOptions) {
  const catalogue = yield* Effect.promise(loadBenchmarks)
  const roots = root.length === 0 ? ["benchmarks"] : root
  const inStore = yield* fetched(store)
  const listed = yield* Effect.promise(() => listAll(catalogue, roots, inStore))
  if (json) return yield* Console.log(JSON.stringify(listed, null, 2))
  const whole = listed.filter(({ atHand }) => atHand?.missing.length === 0).length
  const sum = `${whole} of ${formatCount(listed.length, "benchmark")} at hand in ${[...roots, store].join(", ")}`
  return yield* Console.log([...tableOf(listed, stylerFor(process.stdout)), "", sum].join("\n"))
})
