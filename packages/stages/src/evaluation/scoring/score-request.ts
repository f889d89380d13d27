import { permanent } from "@diva-pipeline/core"
import type { Features } from "../features.ts"
import type { ImageFeatures } from "../images/index.ts"
import type { Evaluated, Metrics } from "../metrics/index.ts"
import type { TextFeatures } from "../texts/index.ts"
import type { Predictions } from "./predictions.ts"

/** What is scored, and how it is called. */
export interface ScoreRequest {
  readonly view: Metrics["view"]
  /** Whose accuracies a classification is told by. */
  readonly topK: ReadonlyArray<number>
  /** Whose recalls a retrieval is told by. */
  readonly recallK: ReadonlyArray<number>
  /** The benchmark's name in the metrics and the report. */
  readonly label: string
  readonly modelLabel?: string
}

/** What scoring gives. */
export interface Scored {
  readonly metrics: Metrics
  readonly predictions: Predictions
}

/** The view's features of both sides, checked to be of one model's size. */
export interface Sides<Task extends TextFeatures["task"]> {
  readonly images: ImageFeatures
  readonly draws: Draws<Features>
  readonly logitScale: number
  readonly texts: Extract<TextFeatures, { readonly task: Task }>
}

/** One for each draw; there is at least one. */
export type Draws<A> = readonly [A, ...ReadonlyArray<A>]

export const mapDraws = <A, B>([first, ...others]: Draws<A>, give: (draw: A) => B): Draws<B> => [
  give(first),
  ...others.map(give),
]

/** What metrics and predictions say of the request. */
export const aboutOf = (
  { label, modelLabel, view }: ScoreRequest,
  { flags }: ImageFeatures,
  promptSet?: string,
): Evaluated => ({
  benchmark: label,
  ...(modelLabel === undefined ? {} : { model: modelLabel }),
  view,
  ...(promptSet === undefined ? {} : { prompts: promptSet }),
  flags,
})

/** The features of both sides don't belong together. */
export const mismatch = (message: string) =>
  permanent(message, {
    hint: "image and text features must be of one model and one benchmark; other prompts are fine",
  })
