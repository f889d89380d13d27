import type { Progress } from "@diva-pipeline/core"

/** How long work is stopped, and tells how far it is. */
export interface Progressing {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
}
