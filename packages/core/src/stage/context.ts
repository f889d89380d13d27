import type { Origin } from "./origin.ts"

/** What a stage may use while it runs. Plain functions, so that hot loops need not be effects. */
export interface StageContext<Output extends string = string> {
  /** Absolute path for each output. A folder output's folder exists and is empty; a file output's does not exist. */
  readonly outputs: Readonly<Record<Output, string>>
  /**
   * Where those input artefacts come from that tasks have made, by their places in the input: `model`, `before[0]`. What
   * is told is no part of the cache key: a result may be taken from the store when it has come another way since.
   */
  readonly origins: Readonly<Record<string, Origin>>
  /** An empty folder of this attempt's own, removed after it. It is made when it is asked for. */
  readonly scratch: string
  /**
   * A folder of this task's own that survives failed attempts and killed runs, and goes when the task
   * succeeds. It is made when it is asked for.
   */
  readonly checkpoint: string
  /**
   * For a stage with `usesPrevious`: paths of what this task gave when it was last done with other input, only to be
   * read. What is in the store no more is left out.
   */
  readonly previous?: Readonly<Partial<Record<Output, string>>>
  /**
   * Environment variables that the task was given: declared ones and secrets, beside what every program needs (`PATH`,
   * `HOME`, …). A stage reads no others.
   */
  readonly environment: Readonly<Record<string, string>>
  /** Indexes of the graphics processors that this attempt holds. */
  readonly gpus: ReadonlyArray<number>
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Aborted when the task is cancelled or its time is over. */
  readonly signal: AbortSignal
  /** Reports how far the work is; cheap enough to be called for every item. */
  readonly progress: (progress: Progress) => void
  /** Leaves a line in the attempt's log; warnings are shown to the user as well. */
  readonly log: (level: "info" | "warning", message: string) => void
}

/** How far an attempt is. */
export interface Progress {
  readonly done: number
  /** How much there is in all, where it is known. */
  readonly total?: number
  /** What is counted, in the plural: `images`, `steps`. */
  readonly unit: string
  /** A short extra, such as the current loss. */
  readonly detail?: string
}
