import type { StoreError } from "@diva-pipeline/core"
import { Data, Runtime } from "effect"

/** A command that could not do its work: one message, a hint, and the exit code that scripts see. */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly message: string
  readonly hint?: string
  /** 1: something failed while running; 2: the document or the arguments are wrong; 130: it was asked to stop. */
  readonly exitCode?: 1 | 2 | 130
}> {
  override readonly [Runtime.errorExitCode] = this.exitCode ?? 1
}

/** A store that could not be used, as the end of a command. */
export const storeFailed = ({ message, hint }: StoreError): CommandFailed =>
  new CommandFailed({ message, hint })
