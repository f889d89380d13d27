import { integerTensor } from "../artefact-files.ts"
import { retrievalMetrics, retrieve, type SimilarityBlocks } from "../metrics/index.ts"
import { joinInts } from "./score-classes.ts"
import { aboutOf, mapDraws, mismatch, type Scored, type ScoreRequest, type Sides } from "./score-request.ts"
import { similarityBlocks } from "./similarity.ts"

/** Retrieval of images by text and of texts by image, as CLIP_benchmark does it. */
export const scoreRetrieval = (sides: Sides<"retrieval">, request: ScoreRequest): Scored => {
  const { images, texts, draws } = sides
  const { keys, captions = [] } = images.samples
  const { imageOfText } = texts
  checkSame(keys, texts.keys)
  checkSame(captions.map(String), countsOf(imageOfText, keys.length).map(String))
  const found = mapDraws(draws, (features) => {
    const blocks: SimilarityBlocks = (use) => similarityBlocks(texts.features, features, use)
    return retrieve(blocks, { imageOfText, images: keys.length }, request.recallK)
  })
  const about = aboutOf(request, images)
  const [{ shown }] = found
  const [sets, count] = [draws.length, imageOfText.length]
  return {
    metrics: retrievalMetrics(about, { draws: found, captions, keys: [...keys, ...texts.texts] }),
    predictions: {
      facts: { task: "retrieval", ...about, draws: sets, n: keys.length, texts: texts.texts },
      samples: images.samples,
      tensors: [
        integerTensor("image-of-text", [count], imageOfText),
        integerTensor("image-rank", [sets, count], joinInts(found.map(({ imageRanks }) => imageRanks))),
        integerTensor("text-rank", [sets, keys.length], joinInts(found.map(({ textRanks }) => textRanks))),
        integerTensor("top-images", [sets, count, shown], joinInts(found.map(({ topImages }) => topImages))),
      ],
    },
  }
}

const countsOf = (imageOfText: Int32Array, images: number): ReadonlyArray<number> => {
  const counts = new Array<number>(images).fill(0)
  for (const image of imageOfText) counts[image] = (counts[image] ?? 0) + 1
  return counts
}

/** @throws StageFailure when the two lists are of different benchmarks */
export const checkSame = (ofImages: ReadonlyArray<string>, ofTexts: ReadonlyArray<string>): void => {
  const wrong = ofImages.findIndex((one, index) => one !== ofTexts[index])
  if (wrong < 0 && ofImages.length === ofTexts.length) return
  throw mismatch(
    `the features' samples are not the same: image ${wrong < 0 ? ofImages.length : wrong} has ${ofImages[wrong] ?? "nothing"} there, and ${ofTexts[wrong < 0 ? ofImages.length : wrong] ?? "nothing"} here`,
  )
}
