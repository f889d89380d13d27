import { permanent } from "@diva-pipeline/core"
import { type LabelledImage, openClassificationBenchmark } from "./benchmarks/index.ts"
import { ensemblePrompts, promptsOf } from "./class-prompts.ts"
import { encodeImages } from "./encode-images.ts"
import { classificationMetrics, type Metrics, multiLabelMetrics } from "./metrics/index.ts"
import { withClip } from "./model-folder.ts"
import { aboutOf, type EvaluationRequest, mapDraws } from "./request.ts"
import { similarities } from "./similarity.ts"
import { encodeTexts } from "./text-features.ts"

/**
 * Zero-shot classification as CLIP_benchmark does it: each class is the mean of its prompts' features, each image goes
 * to the class whose feature is nearest.
 *
 * @throws StageFailure when model or benchmark can't be used; the signal's reason when aborted
 */
export const evaluateZeroShot = (request: EvaluationRequest): Promise<Metrics> =>
  withClip(request.model, async (model) => {
    const { classnames, templates, samples } = await openClassificationBenchmark(request.benchmark)
    const prompts = classnames.flatMap((name) => promptsOf(name, templates))
    const classifier = ensemblePrompts(await encodeTexts(model, prompts, request), classnames.length)
    const targets: Array<LabelledImage["target"]> = []
    const { keys, draws } = await encodeImages(model, collect(samples(), targets), request)
    if (keys.length === 0)
      throw permanent("the classification benchmark has no images", { file: request.benchmark })
    const scores = mapDraws(draws, (features) => ({
      values: similarities(features, classifier),
      classes: classnames.length,
    }))
    const given = { draws: scores, keys, classnames }
    const labels = singleLabels(targets)
    return labels === undefined
      ? multiLabelMetrics(aboutOf(request), { ...given, targets: multiHot(targets, request.benchmark) })
      : classificationMetrics(aboutOf(request), { ...given, labels })
  })

/** Passes the images on and keeps what they should be. */
async function* collect(
  samples: AsyncIterable<LabelledImage>,
  targets: Array<LabelledImage["target"]>,
): AsyncGenerator<LabelledImage> {
  for await (const sample of samples) {
    targets.push(sample.target)
    yield sample
  }
}

const singleLabels = (targets: ReadonlyArray<LabelledImage["target"]>): Int32Array | undefined =>
  targets.some((target) => typeof target === "object")
    ? undefined
    : Int32Array.from(targets, (target) => (typeof target === "number" ? target : 0))

const multiHot = (targets: ReadonlyArray<LabelledImage["target"]>, benchmark: string): Uint8Array =>
  Uint8Array.from(
    targets.flatMap((target) => {
      if (typeof target === "number")
        throw permanent("some samples have one class (.cls), others several labels (.npy)", {
          file: benchmark,
        })
      return target.map((label) => (label === 0 ? 0 : 1))
    }),
  )
