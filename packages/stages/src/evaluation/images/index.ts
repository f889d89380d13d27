export { computeImageFeatures, type ImageFeatures, type ImageFeaturesRequest } from "./image-features.ts"
export { readImageFeatures, writeImageFeatures } from "./image-features-file.ts"
export { type Samples, SamplesFile } from "./samples.ts"
