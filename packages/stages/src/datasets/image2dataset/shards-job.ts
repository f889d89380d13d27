import type { StageContext } from "@diva-pipeline/core"
import type { FetchPatience } from "./fetch/index.ts"
import type { Statistics } from "./shards/index.ts"

/** What is done with a folder that has shards already. */
export type IncrementalMode =
  /** Makes what is missing or has changed. */
  | "incremental"
  /** The same, and tries URLs again whose bytes did not come. */
  | "retry"
  /** Makes all shards of the list, with numbers after those that are there. */
  | "extend"

/** Where a data set comes from and goes to. */
export interface ShardsJob {
  /** A list of URLs, or a folder of images. */
  readonly list: string
  /** The folder of the shards, made if it is not there. */
  readonly folder: string
  readonly mode: IncrementalMode
  /** Whether statistics tell when each shard was made, as img2dataset's do; then no two runs give the same bytes. */
  readonly recordTimes: boolean
  /** Whether shards that img2dataset itself has made count as finished. */
  readonly isForeignKept?: boolean
  /** Whether shards that were made with other options are left alone, which is a failure, rather than made anew. */
  readonly isShapeKept?: boolean
  /** Folders with shards of earlier runs, whose samples are taken where the list has them still. */
  readonly earlier?: ReadonlyArray<string>
  /** Threads that make images; one for each core without it. */
  readonly imageThreads?: number
  readonly patience?: FetchPatience
}

/** What there is in the end. */
export interface Downloaded {
  readonly statistics: Statistics
  /** The names of the list's shards, in order. */
  readonly shards: ReadonlyArray<string>
  /** How many of them were there before. */
  readonly kept: number
  /** Their files and folders. */
  readonly files: ReadonlyArray<string>
}

/** Where a download tells how far it is. */
export type Report = Pick<StageContext, "progress" | "log">
