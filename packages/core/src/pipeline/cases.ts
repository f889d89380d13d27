import type { MatrixValues } from "./member-index.ts"

/** What a file of cases gives to a matrix. */
export interface Cases {
  /** The keys that every case has. */
  readonly keys: ReadonlyArray<string>
  /** All keys that a case may have. */
  readonly names: ReadonlySet<string>
  /** Keys that aren't needed to tell the cases apart. */
  readonly hidden: ReadonlySet<string>
  /** Undefined when the file isn't read yet or has mistakes. */
  readonly rows: ReadonlyArray<MatrixValues> | undefined
}

/** Where there is no `foreach`: one case that says nothing. */
export const NO_CASES: Cases = { keys: [], names: new Set(), hidden: new Set(), rows: [new Map()] }
