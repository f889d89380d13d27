import { readFile } from "node:fs/promises"
import type { BenchmarkPair, PairSide } from "../evaluation/benchmarks/index.ts"
import type { Metrics } from "../evaluation/metrics/index.ts"
import { mean } from "../statistics/index.ts"
import type { ChangedPair, ShownImage } from "./report.ts"
import { thumbnail } from "./thumbnail.ts"

/** Pairs shown for each side of the change. */
const MOST_SHOWN = 6

/** Models whose changes are shown. */
const MOST_MODELS = 6

/**
 * Pairs whose answer differs between the two sides of a model in at least half of the runs: the first of each category,
 * gained and lost.
 *
 * @param folder the pairs benchmark that the metrics are of; pairs that it doesn't have are left out
 */
export const findChangedPairs = async (
  folder: string,
  before: ReadonlyArray<Metrics>,
  after: ReadonlyArray<Metrics>,
): Promise<ReadonlyArray<ChangedPair>> => {
  // Loaded only where it is needed: the report runs in the engine's own process.
  const { readPairsBenchmark } = await import("../evaluation/benchmarks/index.ts")
  const pairs = await readPairsBenchmark(folder)
  const byId = new Map(pairs.map((pair) => [`${pair.first.id}/${pair.second.id}`, pair]))
  const changed: Array<ChangedPair> = []
  for (const { name, id, change } of compareModels(before, after)) {
    const pair = byId.get(id)
    const images = pair === undefined ? undefined : await shownImages(pair)
    if (pair !== undefined && images !== undefined)
      changed.push({ name, category: pair.category, change, images })
  }
  return changed
}

interface Change {
  readonly name: string
  readonly id: string
  readonly change: "gained" | "lost"
}

/** The changes of each model on the first pairs benchmark; a single model before is what all after come from. */
const compareModels = (
  before: ReadonlyArray<Metrics>,
  after: ReadonlyArray<Metrics>,
): ReadonlyArray<Change> => {
  const isPairs = ({ kind, view }: Metrics): boolean => kind === "mmvp" && view === "class"
  const benchmark = before.find(isPairs)?.benchmark
  if (benchmark === undefined) return []
  const [from, to] = [before, after].map((files) =>
    files.filter((file) => isPairs(file) && file.benchmark === benchmark),
  )
  if (from === undefined || to === undefined) return []
  const single = new Set(from.map(({ model }) => model)).size === 1
  const models = [...new Set(to.map(({ model }) => model))]
  return models.slice(0, MOST_MODELS).flatMap((model) => {
    const own = from.filter((file) => single || file.model === model)
    const name = models.length === 1 || model === undefined ? benchmark : `${model}, ${benchmark}`
    return pickChanges(
      name,
      own,
      to.filter((file) => file.model === model),
    )
  })
}

const pickChanges = (
  name: string,
  from: ReadonlyArray<Metrics>,
  to: ReadonlyArray<Metrics>,
): ReadonlyArray<Change> => {
  if (from.length === 0) return []
  const shareOf = (files: ReadonlyArray<Metrics>, id: string): number =>
    mean(files.map(({ pairs = [] }) => pairs.find(({ pair }) => pair === id)?.right ?? 0))
  const taken = new Set<string>()
  const counts = { gained: 0, lost: 0 }
  return (from[0]?.pairs ?? []).flatMap(({ pair, category }): ReadonlyArray<Change> => {
    const difference = shareOf(to, pair) - shareOf(from, pair)
    const change = difference > 0 ? "gained" : "lost"
    const place = `${change} ${category}`
    if (Math.abs(difference) < 0.5 || taken.has(place) || counts[change] === MOST_SHOWN) return []
    taken.add(place)
    counts[change]++
    return [{ name, id: pair, change }]
  })
}

const shownImages = async ({ first, second }: BenchmarkPair): Promise<ChangedPair["images"] | undefined> => {
  const [left, right] = [await shownImage(first), await shownImage(second)]
  return left === undefined || right === undefined ? undefined : [left, right]
}

const shownImage = async ({ image, statement }: PairSide): Promise<ShownImage | undefined> => {
  const picture = await thumbnail(await readFile(image))
  return picture && { statement, ...picture }
}
