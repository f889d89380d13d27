export type { Point } from "./curve.ts"
export { EventFile, type ScalarEvent } from "./event-file.ts"
export { type ProgressOf, progressPage } from "./progress-page.ts"
