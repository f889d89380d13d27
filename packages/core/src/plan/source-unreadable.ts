import { Data } from "effect"
import type { SourcePath } from "../pipeline/index.ts"
import type { ArtefactRefused, StoreError } from "../store/index.ts"

/** A file or folder of the user's that a task takes as input cannot be read. */
export class SourceUnreadable extends Data.TaggedError("SourceUnreadable")<{
  readonly source: SourcePath
  readonly cause: StoreError | ArtefactRefused
}> {
  override get message(): string {
    return this.cause.message
  }
  /** What the reader can do. */
  get hint(): string {
    if (this.cause._tag === "ArtefactRefused") return "give a folder of plain files"
    return this.cause.code === "ENOENT" ? "check the path in the pipeline" : this.cause.hint
  }
}
