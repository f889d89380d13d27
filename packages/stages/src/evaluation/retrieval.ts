import { permanent } from "@diva-pipeline/core"
import { type CaptionedImage, readRetrievalBenchmark } from "./benchmarks/index.ts"
import { encodeImages } from "./encode-images.ts"
import { type Metrics, retrievalMetrics } from "./metrics/index.ts"
import { withClip } from "./model-folder.ts"
import { aboutOf, type EvaluationRequest, mapDraws } from "./request.ts"
import { similarities } from "./similarity.ts"
import { encodeTexts } from "./text-features.ts"

/**
 * Retrieval of images by text and of texts by image, as CLIP_benchmark does it.
 *
 * @throws StageFailure when model or benchmark can't be used; the signal's reason when aborted
 */
export const evaluateRetrieval = (request: EvaluationRequest): Promise<Metrics> =>
  withClip(request.model, async (model) => {
    const captions: Array<string> = []
    const owners: Array<number> = []
    const samples = collect(readRetrievalBenchmark(request.benchmark), captions, owners)
    const { keys, draws } = await encodeImages(model, samples, request)
    if (keys.length === 0)
      throw permanent("the retrieval benchmark has no images", { file: request.benchmark })
    const texts = await encodeTexts(model, captions, request)
    return retrievalMetrics(aboutOf(request), {
      draws: mapDraws(draws, (features) => ({
        values: similarities(texts, features),
        imageOfText: Int32Array.from(owners),
        images: keys.length,
      })),
      keys: [...keys, ...captions],
    })
  })

/** Passes the images on and keeps their captions, in the images' order. */
async function* collect(
  samples: AsyncIterable<CaptionedImage>,
  captions: Array<string>,
  owners: Array<number>,
): AsyncGenerator<CaptionedImage> {
  let image = 0
  for await (const sample of samples) {
    for (const caption of sample.captions) {
      captions.push(caption)
      owners.push(image)
    }
    image++
    yield sample
  }
}
