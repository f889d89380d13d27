// What each command takes, apart from what it does: each handler is imported when it is called, so that `--help` answers
// without loading the engine.
export { backend } from "./backend.ts"
export { benchmarks } from "./benchmarks.ts"
export { cache } from "./cache.ts"
export { fromFire } from "./fire.ts"
export { image2dataset } from "./image2dataset.ts"
export { schema, stages } from "./language.ts"
export { newFiles } from "./new.ts"
export { graph, plan, resume, run, validate } from "./pipeline.ts"
export { report } from "./report.ts"
export { runs } from "./runs.ts"
