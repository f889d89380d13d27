import { permanent } from "@diva-pipeline/core"
import { loadBackend } from "../tensor/index.ts"
import type { BenchmarkTask } from "./catalogue/index.ts"
import { computeImageFeatures, type ImageFeatures, type ImageFeaturesRequest } from "./images/index.ts"
import { type Scored, type ScoreRequest, score } from "./scoring/index.ts"
import { computeTextFeatures, type TextFeatures } from "./texts/index.ts"

/** What is evaluated, on what, and how: all in one go. */
export interface EvaluationRequest extends Omit<ImageFeaturesRequest, "views"> {
  /** What the benchmark may be. */
  readonly tasks: ReadonlyArray<BenchmarkTask>
  readonly views: Omit<ImageFeaturesRequest["views"], "names">
  readonly score: ScoreRequest
}

/**
 * Features of images, features of texts, and their scores.
 *
 * @throws StageFailure when model or benchmark can't be used; the signal's reason when aborted
 */
export const evaluate = async (request: EvaluationRequest): Promise<Scored> => {
  const views = { ...request.views, names: [request.score.view] }
  const texts = await computeTextFeatures(request)
  if (!request.tasks.some((task) => task === texts.task))
    throw permanent(`this is a benchmark of ${texts.task}, not of ${request.tasks.join(" or ")}`, {
      file: request.benchmark,
      hint: "evaluate/zero-shot, evaluate/retrieval and evaluate/mmvp each take their own",
    })
  return scoreFeatures(await computeImageFeatures({ ...request, views }), texts, request.score)
}

/** Scores features; loads what computes. */
export const scoreFeatures = async (
  images: ImageFeatures,
  texts: TextFeatures,
  request: ScoreRequest,
): Promise<Scored> => {
  await loadBackend()
  return score(images, texts, request)
}
