import type { ImportedScore } from "../results/index.ts"
import type { Answers } from "./answers.ts"
import type { Cell, Measured } from "./cells.ts"
import type { Mistakes } from "./mistakes.ts"
import type { Thumbnail } from "./thumbnail.ts"
import type { TrainingPoint } from "./training-log.ts"

/** A pair of images whose answer differs before and after, to be looked at. */
export interface ChangedPair {
  /** The benchmark, with the model where there are several. */
  readonly name: string
  readonly category: string
  readonly change: "gained" | "lost"
  readonly images: readonly [ShownImage, ShownImage]
}

export interface ShownImage extends Thumbnail {
  readonly statement: string
}

/** All that a report says, before it is put into words or pictures. */
export interface Report {
  readonly title: string
  /** Within which a score counts as preserved. */
  readonly margin: number
  readonly cells: ReadonlyArray<Cell>
  /** What the cells were made of. */
  readonly records: { readonly before: ReadonlyArray<Measured>; readonly after: ReadonlyArray<Measured> }
  /** Results of other programs, without a record of answers. */
  readonly imported: ReadonlyArray<ImportedScore>
  readonly training: ReadonlyArray<TrainingPoint>
  readonly details: ReadonlyArray<readonly [name: string, value: string]>
  readonly changedPairs: ReadonlyArray<ChangedPair>
  /** What was mistaken for what, and the worst mistakes. */
  readonly answers: ReadonlyArray<Answers>
  /** The worst answers to benchmarks that are no classifications. */
  readonly mistakes: ReadonlyArray<Mistakes>
  /** How many predictions were too many to be shown. */
  readonly hiddenPredictions: number
}
