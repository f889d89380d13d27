export { stageDefinitions } from "./stages/index.ts"
