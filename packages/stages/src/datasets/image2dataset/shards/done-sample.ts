import type { FaultClass } from "../fetch/index.ts"
import type { SampleRecord } from "./metadata.ts"

/** One URL, done: what is known of it, and its image when there is one. */
export interface DoneSample {
  readonly record: SampleRecord
  readonly image: Uint8Array | undefined
  /** What kind of failure it was, if any; of one that an earlier run had, it is no longer known. */
  readonly fault: FaultClass | "image" | "duplicate" | "earlier" | undefined
  /** Whether there was no connection to its server at all. */
  readonly isUnreachable: boolean
}
