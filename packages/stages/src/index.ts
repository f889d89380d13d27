export * from "./native/index.ts"
export { stageDefinitions } from "./stages/index.ts"
