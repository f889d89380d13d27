export { type EngineOptions, engineLayer } from "./engine/index.ts"
export * from "./native/index.ts"
export * from "./stages/index.ts"
