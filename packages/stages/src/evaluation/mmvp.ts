import { readFile } from "node:fs/promises"
import { type BenchmarkPair, readPairsBenchmark } from "./benchmarks/index.ts"
import { type EncodedImages, encodeImages } from "./encode-images.ts"
import type { Features } from "./features.ts"
import type { NamedImage } from "./image-batches.ts"
import { type Metrics, type PairScores, pairMetrics, type ScoredPair } from "./metrics/index.ts"
import { withClip } from "./model-folder.ts"
import { aboutOf, type EvaluationRequest } from "./request.ts"
import { encodeTexts } from "./text-features.ts"

/** What MMVP puts before every statement. */
const PROMPT = "a photo of "

/**
 * The MMVP-VLM protocol on a pairs benchmark. The model's logit scale and bias change no choice between two images, so
 * they are left out.
 *
 * @throws StageFailure when model or benchmark can't be used; the signal's reason when aborted
 */
export const evaluateMmvp = (request: EvaluationRequest): Promise<Metrics> =>
  withClip(request.model, async (model) => {
    const pairs = await readPairsBenchmark(request.benchmark)
    const sides = pairs.flatMap(({ first, second }) => [first, second])
    const prompts = sides.map(({ statement }) => PROMPT + statement)
    const texts = await encodeTexts(model, prompts, request)
    const images = await encodeImages(model, readImages(sides), { ...request, total: sides.length })
    return pairMetrics(aboutOf(request), scorePairs(pairs, texts, images))
  })

async function* readImages(sides: ReadonlyArray<BenchmarkPair["first"]>): AsyncGenerator<NamedImage> {
  for (const { id, image } of sides) yield { key: String(id), image: await readFile(image) }
}

const scorePairs = (
  pairs: ReadonlyArray<BenchmarkPair>,
  texts: Features,
  { draws }: EncodedImages,
): ReadonlyArray<ScoredPair> =>
  pairs.map(({ category, first, second }, index) => ({
    pair: `${first.id}/${second.id}`,
    category,
    draws: draws.map((images) => scoresOf(texts, images, 2 * index)),
  }))

const scoresOf = (texts: Features, images: Features, row: number): PairScores => ({
  first: [product(texts, row, images, row), product(texts, row, images, row + 1)],
  second: [product(texts, row + 1, images, row), product(texts, row + 1, images, row + 1)],
})

const product = (a: Features, rowOfA: number, b: Features, rowOfB: number): number => {
  let sum = 0
  for (let column = 0; column < a.width; column++)
    sum += (a.values[rowOfA * a.width + column] ?? 0) * (b.values[rowOfB * b.width + column] ?? 0)
  return sum
}
