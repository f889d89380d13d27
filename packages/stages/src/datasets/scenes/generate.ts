import { collectScenes } from "./collection.ts"
import { writePairsBenchmark } from "./pairs-benchmark.ts"
import { writeRetrievalBenchmark } from "./retrieval-benchmark.ts"
import { writeTrainingImages } from "./training-images.ts"

/** What to draw. */
export interface SceneDataOptions {
  /** Training scenes. */
  readonly count: number
  /** Pixels of an image's side. */
  readonly size: number
  readonly seed: number
  /** The share of training captions that tell the fine detail, 0…1. */
  readonly fineCaptions: number
  readonly pairsPerCategory: number
  readonly retrievalCount: number
}

/** Existing empty folders to write to. */
export interface SceneDataFolders {
  readonly images: string
  readonly pairs: string
  readonly retrieval: string
}

/**
 * Draws a data set of scenes and its two benchmarks; the same options give the same bytes.
 *
 * @param onImage told how many images of all three are done
 */
export const generateScenes = async (
  options: SceneDataOptions,
  folders: SceneDataFolders,
  onImage: (done: number, total: number) => void = () => {},
): Promise<void> => {
  const { size, seed, fineCaptions } = options
  const scenes = collectScenes(seed, {
    training: options.count,
    pairsPerCategory: options.pairsPerCategory,
    retrieval: options.retrievalCount,
  })
  const inPairs = 2 * scenes.pairs.length
  const inBenchmarks = inPairs + scenes.retrieval.length
  const total = inBenchmarks + scenes.training.length
  await writePairsBenchmark(folders.pairs, scenes.pairs, size, (done) => onImage(done, total))
  await writeRetrievalBenchmark(folders.retrieval, scenes.retrieval, size)
  await writeTrainingImages(folders.images, scenes.training, {
    size,
    seed,
    fineCaptions,
    onImage: (done) => onImage(inBenchmarks + done, total),
  })
}
