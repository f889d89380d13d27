export type { PretrainingContext } from "./pretraining-context.ts"
export { type TrainClipInput, trainClip } from "./train-clip.ts"
