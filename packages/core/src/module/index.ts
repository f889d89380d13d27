export { stageFromFile } from "./stage-from-file.ts"
export { makeStageLoader, type StageLoaderOptions } from "./stage-loader.ts"
