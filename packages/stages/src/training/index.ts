export { type AdamWOptions, adamW } from "./adam-w.ts"
export { type ClippedGradients, clipGradients, gradientNorm } from "./clip-gradients.ts"
export {
  type LearningRate,
  type ScheduleShape,
  type WarmedSchedule,
  warmedSchedule,
} from "./learning-rate.ts"
export { isLowRankFactor, type LowRankOptions, lowRankFactors, withLowRank } from "./low-rank.ts"
export { MovingAverage } from "./moving-average.ts"
export { matchesAny, matchesName } from "./name-pattern.ts"
export type { Optimiser } from "./optimiser.ts"
export { type SgdOptions, sgd } from "./sgd.ts"
export { type LossAndGradients, TrainableParameters } from "./trainable-parameters.ts"
