export { machineResources } from "./machine.ts"
export type { RunOptions } from "./run-context.ts"
export { runPipeline } from "./run-pipeline.ts"
