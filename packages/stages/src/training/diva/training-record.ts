import { type Static, Type } from "typebox"

/** The runs of steps of a training: visual_proj alone, then everything that is trained. */
export const phaseName = Type.Union([Type.Literal("projector"), Type.Literal("all")])

/** A line of the training log. */
export const stepRecord = Type.Object({
  step: Type.Integer({ description: "From 1, over all phases", minimum: 1 }),
  phase: phaseName,
  loss: Type.Number({ description: "The mean over draws and micro-batches" }),
  draw_losses: Type.Array(Type.Number(), { description: "Of each draw, the mean over micro-batches" }),
  learning_rate: Type.Number({ description: "Of the first part that is trained" }),
  gradient_norm: Type.Number({ description: "Before clipping" }),
})

/** A score of the model in training. */
export const evaluationRecord = Type.Object({
  step: Type.Integer({ description: "Steps done", minimum: 0 }),
  benchmark: Type.String(),
  score: Type.Number({ description: "The benchmark's main score; more is better" }),
})

export type EvaluationRecord = Static<typeof evaluationRecord>

/** What one optimiser step did. */
export type StepRecord = Static<typeof stepRecord>

/** The log as JSON lines. */
export const logLines = (records: ReadonlyArray<StepRecord>): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("")

/** What a training came to. */
export interface TrainingMetrics {
  readonly kind: "training"
  readonly steps: number
  readonly images: number
  readonly trainable_parameters: number
  /** Mean loss of the first and of the last tenth of the steps on everything that is trained. */
  readonly first_loss: number
  readonly last_loss: number
  /** The step whose weights are the result. */
  readonly weights_of_step: number
  readonly evaluations: ReadonlyArray<EvaluationRecord>
}

/** Sums a log up. */
export const metricsOf = (
  records: ReadonlyArray<StepRecord>,
  about: {
    readonly imagesPerStep: number
    readonly parameters: number
    readonly weightsOfStep: number
    readonly evaluations: ReadonlyArray<EvaluationRecord>
  },
): TrainingMetrics => {
  const losses = records.filter(({ phase }) => phase === "all").map(({ loss }) => loss)
  const tenth = Math.max(1, Math.round(losses.length / 10))
  return {
    kind: "training",
    steps: records.length,
    images: records.length * about.imagesPerStep,
    trainable_parameters: about.parameters,
    first_loss: meanOf(losses.slice(0, tenth)),
    last_loss: meanOf(losses.slice(-tenth)),
    weights_of_step: about.weightsOfStep,
    evaluations: about.evaluations,
  }
}

/** The mean of some numbers. */
export const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
