export {
  decodeImported,
  encodeImported,
  type ImportedScore,
  type ReadResults,
  ResultsError,
  withoutRepetition,
} from "./imported-score.ts"
export { findBenchmark } from "./names.ts"
export { readResults } from "./read-results.ts"
