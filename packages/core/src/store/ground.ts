import type { Disk } from "./disk.ts"
import type { Flushes } from "./flushes.ts"
import type { Layout } from "./layout.ts"

/** What a store stands on. */
export interface Ground {
  readonly disk: Disk
  readonly layout: Layout
  readonly flushes: Flushes
}
