import type { EncodeOptions } from "./encode-images.ts"
import type { Evaluated } from "./metrics/index.ts"

/** What is evaluated, on what, and how. */
export interface EvaluationRequest extends Omit<EncodeOptions, "total"> {
  /** A CLIP folder, or a conditioned model's. */
  readonly model: string
  /** The benchmark's folder. */
  readonly benchmark: string
  /** The benchmark's name in the metrics and the report. */
  readonly label: string
  readonly modelLabel?: string
}

/** What the metrics file says of the request. */
export const aboutOf = ({ label, modelLabel, view }: EvaluationRequest): Evaluated => ({
  benchmark: label,
  ...(modelLabel === undefined ? {} : { model: modelLabel }),
  view: view.name,
})

/** One result for each draw; there is at least one. */
export const mapDraws = <A, B>(
  [first, ...others]: readonly [A, ...ReadonlyArray<A>],
  give: (draw: A) => B,
): readonly [B, ...ReadonlyArray<B>] => [give(first), ...others.map(give)]
