export {
  type Autoencoder,
  decodeLatents,
  decodeUnscaled,
  encodeImages,
  type LatentDistribution,
  latentMean,
} from "./autoencoder.ts"
export {
  type AutoencoderConfig,
  autoencoderConfigJson,
  parseAutoencoderConfig,
} from "./autoencoder-config.ts"
export { autoencoderShapes } from "./autoencoder-shapes.ts"
export { DiffusionConfigError } from "./config-fields.ts"
export { initialParameters } from "./initialisation.ts"
export {
  type DiffusionModel,
  loadAutoencoder,
  loadDiffusion,
  loadSchedule,
  loadTextEncoder,
  loadUNet,
} from "./load.ts"
export { NoiseSchedule, type NoiseShares } from "./noise-schedule.ts"
export { type DiffusionParts, saveAutoencoder, saveDiffusion } from "./save.ts"
export { type ScheduleConfig, STABLE_DIFFUSION_SCHEDULE } from "./schedule-config.ts"
export { promptStates, type TextEncoder } from "./text-encoder.ts"
export { parseTextEncoderConfig, type TextEncoderConfig } from "./text-encoder-config.ts"
export { embedTimesteps, predictNoise, type UNet } from "./unet.ts"
export { parseUNetConfig, type UNetConfig, unetConfigJson } from "./unet-config.ts"
export { unetShapes } from "./unet-shapes.ts"
export { diffusionWeights } from "./weights-files.ts"
