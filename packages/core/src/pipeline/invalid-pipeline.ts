import { Data } from "effect"
import { type Diagnostic, renderDiagnostics } from "../document/index.ts"

/** A document, or what was given with it, is wrong: all the mistakes, each with its excerpt of the source. */
export class InvalidPipeline extends Data.TaggedError("InvalidPipeline")<{
  readonly diagnostics: ReadonlyArray<Diagnostic>
}> {
  override get message(): string {
    return renderDiagnostics(this.diagnostics, { colour: false })
  }
}
