import type { Features } from "../features.ts"
import type { ImageFeatures } from "../images/index.ts"
import type { TextFeatures } from "../texts/index.ts"
import { scoreClasses, scoreLabels } from "./score-classes.ts"
import { scorePairs } from "./score-pairs.ts"
import { type Draws, mismatch, type Scored, type ScoreRequest } from "./score-request.ts"
import { scoreRetrieval } from "./score-retrieval.ts"

/**
 * Scores a view of a benchmark's images by the text side. The tensor backend must be loaded.
 *
 * @throws StageFailure when the view is not among the features, or the two sides don't belong together
 */
export const score = (images: ImageFeatures, texts: TextFeatures, request: ScoreRequest): Scored => {
  const view = images.views.get(request.view)
  if (view === undefined)
    throw mismatch(
      `there are no features of the view ${request.view}: there are ${[...images.views.keys()].join(", ")}`,
    )
  const draws = checkWidth(view.draws, texts.features)
  const sides = { images, draws, logitScale: view.logitScale }
  if (texts.task === "classification" && images.task === "classification")
    return scoreClasses({ ...sides, texts }, request)
  if (texts.task === "classification" && images.task === "multilabel")
    return scoreLabels({ ...sides, texts }, request)
  if (texts.task === "retrieval" && images.task === "retrieval")
    return scoreRetrieval({ ...sides, texts }, request)
  if (texts.task === "pairs" && images.task === "pairs") return scorePairs({ ...sides, texts }, request)
  throw mismatch(`the images are of ${images.task}, the texts of ${texts.task}`)
}

const checkWidth = ([first, ...others]: ReadonlyArray<Features>, texts: Features): Draws<Features> => {
  if (first !== undefined && first.width === texts.width) return [first, ...others]
  throw mismatch(`images have ${first?.width} features, texts ${texts.width}: they are not of one model`)
}
