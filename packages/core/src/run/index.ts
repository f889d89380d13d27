export { machineResources } from "./machine.ts"
export type { RunOptions } from "./run-context.ts"
export { type RunError, runPipeline } from "./run-pipeline.ts"
