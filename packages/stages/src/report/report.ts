import type { BenchmarkComparison } from "./comparison.ts"
import type { TrainingPoint } from "./training-log.ts"

/** A pair of images whose answer differs before and after, to be looked at. */
export interface ChangedPair {
  readonly benchmark: string
  readonly category: string
  readonly change: "gained" | "lost"
  readonly images: readonly [ShownImage, ShownImage]
}

export interface ShownImage {
  readonly statement: string
  /** `image/jpeg` … */
  readonly type: string
  readonly bytes: Uint8Array
}

/** All that a report says, before it is put into words or pictures. */
export interface Report {
  readonly title: string
  readonly comparisons: ReadonlyArray<BenchmarkComparison>
  readonly training: ReadonlyArray<TrainingPoint>
  readonly details: ReadonlyArray<readonly [name: string, value: string]>
  readonly changedPairs: ReadonlyArray<ChangedPair>
}
