import { readFile } from "node:fs/promises"
import type { Benchmark, BenchmarkSample } from "./benchmark.ts"
import { type BenchmarkPair, type PairSide, readPairsBenchmark } from "./pairs-benchmark.ts"

/** Opens MMVP-VLM's layout: two samples after each other are a pair. */
export const openPairs = async (folder: string): Promise<Benchmark> => {
  const pairs = await readPairsBenchmark(folder)
  return {
    task: "pairs",
    classnames: [],
    templates: undefined,
    total: 2 * pairs.length,
    samples: async function* () {
      for (const { category, first, second } of byCategory(pairs)) {
        yield await sampleOf(category, first)
        yield await sampleOf(category, second)
      }
    },
  }
}

/** Pairs of one category after each other, categories in the order in which they first appear. */
const byCategory = (pairs: ReadonlyArray<BenchmarkPair>): ReadonlyArray<BenchmarkPair> => {
  const order = [...new Set(pairs.map(({ category }) => category))]
  return order.flatMap((name) => pairs.filter(({ category }) => category === name))
}

const sampleOf = async (category: string, { id, statement, image }: PairSide): Promise<BenchmarkSample> => ({
  key: String(id),
  image: await readFile(image),
  question: { id, category, statement },
})
