export type { PretrainingContext } from "./pretraining-context.ts"
export { type TrainAutoencoderInput, trainAutoencoder } from "./train-autoencoder.ts"
export { type TrainClipInput, trainClip } from "./train-clip.ts"
export { type TrainDiffusionInput, trainDiffusion } from "./train-diffusion.ts"
