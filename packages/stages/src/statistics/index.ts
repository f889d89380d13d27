export {
  bootstrap,
  type Distribution,
  estimateOf,
  percentileInterval,
  type Sample,
  type Seeds,
} from "./bootstrap.ts"
export { type Changes, comparePaired, type PairedDifference } from "./comparison.ts"
export { benjaminiHochberg, holm } from "./correction.ts"
export { type Equivalence, equivalenceOf } from "./equivalence.ts"
export type { Estimate } from "./estimate.ts"
export {
  type Interval,
  stratifiedInterval,
  studentInterval,
  wilsonInterval,
} from "./interval.ts"
export { mcnemarTest } from "./mcnemar.ts"
export { mean, standardDeviation } from "./moments.ts"
export { compareResampled, type ResampledSeeds } from "./resampled.ts"
export type { Grouping } from "./resampling.ts"
export { shareEstimate, summaryEstimate } from "./scores.ts"
export { unpairedDifference } from "./unpaired.ts"
