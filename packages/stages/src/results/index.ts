export { decodeImported, encodeImported, type ImportedScore, ResultsError } from "./imported-score.ts"
export { findBenchmark } from "./names.ts"
export { readResults } from "./read-results.ts"
