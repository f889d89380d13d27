export type { BatchOptions, CropBatch } from "./crop-batches.ts"
export { CropStream } from "./crop-stream.ts"
export type { DataRequest } from "./data-worker.ts"
export { type Position, START } from "./shuffled-images.ts"
