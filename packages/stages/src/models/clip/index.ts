export {
  type ClipConfig,
  ClipConfigError,
  type ClipPreprocess,
  OPENAI_MEAN,
  OPENAI_STD,
  parseClipConfig,
  type TextConfig,
  type VisionConfig,
} from "./config.ts"
export { imageFeatures, imageTokens, projectTokens } from "./image-tower.ts"
export { textFeatures, textHiddenStates } from "./text-tower.ts"
