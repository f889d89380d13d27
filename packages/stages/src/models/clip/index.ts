export { type Blueprint, blueprintsOf, type Initial } from "./blueprint.ts"
export type { Vocabulary } from "./byte-pairs.ts"
export {
  CONFIG_FILE,
  findClipFiles,
  findWeightsFile,
  readClipConfig,
  TOKENIZER_FILES,
  WEIGHTS_FILE,
} from "./clip-folder.ts"
export { type ClipModel, loadClip } from "./clip-model.ts"
export { type ClipConfig, parseClipConfig, patchesOfSide } from "./config.ts"
export { ClipConfigError } from "./config-fields.ts"
export { toHfTextConfig, toHfTextModel } from "./hugging-face.ts"
export { parseHuggingFaceConfig } from "./hugging-face-config.ts"
export { allTokens, imageFeatures, imageTokens, normaliseTokens, projectTokens } from "./image-tower.ts"
export { initialiseClip } from "./initialise.ts"
export { learnBpe, writeVocabulary } from "./learn-byte-pairs.ts"
export { withOpenClipNames } from "./named-checkpoint.ts"
export { clipConfigNamed, clipConfigNames } from "./named-config.ts"
export { type ClipPreprocess, OPENAI_MEAN, OPENAI_STD } from "./preprocess-config.ts"
export { type ClipToSave, type SaveOptions, saveClip } from "./save-clip.ts"
export { saveLike } from "./save-like.ts"
export { readSentencePiece, sentencePieceFiles, type TextTokenizer } from "./siglip-tokenizer.ts"
export { type TokenIds, textFeatures, textHiddenStates } from "./text-tower.ts"
export { Tokenizer, TokenizerError } from "./tokenizer.ts"
export type { TextConfig, VisionConfig } from "./tower-config.ts"
