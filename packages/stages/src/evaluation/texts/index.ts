export { readPrompts } from "./read-prompts.ts"
export { computeTextFeatures, type TextFeatures, type TextFeaturesRequest } from "./text-features.ts"
export { readTextFeatures, writeTextFeatures } from "./text-features-file.ts"
