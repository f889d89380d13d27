export type { Box } from "./blur.ts"
export { ImagePool } from "./image-pool.ts"
export type { ImageProblem, ProcessedImage } from "./image-processor.ts"
