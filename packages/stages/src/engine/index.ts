export { type EngineOptions, engineLayer } from "./engine-layer.ts"
