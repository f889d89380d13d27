export { type AttemptSink, type Measures, StageCall } from "./call.ts"
export type { Progress, StageContext } from "./context.ts"
export {
  defineStage,
  type OutputDefinition,
  type Resources,
  type StageDefinition,
  type StageWith,
} from "./definition.ts"
export { type FailureReason, permanent, StageFailure, transient } from "./failure.ts"
export { commonEnvironment, hostEnvironment } from "./host-environment.ts"
export { HostPool } from "./host-pool.ts"
export type { HostCommand } from "./host-process.ts"
export { makeOutputReader } from "./host-protocol.ts"
export { artefact, isUnkeyed, type TArtefact, unkeyed } from "./input.ts"
export { isModuleName, type LoadStage, type StageModule, StageUnusable } from "./module.ts"
export type { Origin } from "./origin.ts"
export { type AnyStage, makeRegistry, type StageRegistry } from "./registry.ts"
export { runInline } from "./run-inline.ts"
export { runStage } from "./run-stage.ts"
export { serveHost } from "./serve-host.ts"
