/** One step of a training log. It holds no times: the same training gives the same bytes. */
export interface LogLine {
  /** From 1. */
  readonly step: number
  readonly loss: number
  readonly learningRate: number
  /** Norm of all gradients together, before clipping. */
  readonly gradientNorm: number
}

/** A training log as JSON lines. */
export const logText = (lines: ReadonlyArray<LogLine>): string =>
  lines
    .map(({ step, loss, learningRate, gradientNorm }) =>
      JSON.stringify({ step, loss, "learning-rate": learningRate, "gradient-norm": gradientNorm }),
    )
    .map((line) => `${line}\n`)
    .join("")
