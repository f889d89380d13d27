export { RecordedComputation } from "./recorded-computation.ts"
