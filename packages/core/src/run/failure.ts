import type { Location } from "../document/index.ts"
import type { FailureReport } from "../observe/index.ts"
import type { Task } from "../pipeline/index.ts"
import { SourceUnreadable } from "../plan/index.ts"
import { permanent, StageFailure } from "../stage/index.ts"
import { type ArtefactDamaged, ArtefactRefused, StoreError } from "../store/index.ts"

/** `file:line:column`, as editors and terminals know it. */
const locationText = (location: Location): string => `${location.file}:${location.line}:${location.column}`

/** The engine's own errors as the failure of the task that met them. */
export const failureOf = (
  error: StageFailure | StoreError | ArtefactDamaged | ArtefactRefused | SourceUnreadable,
): StageFailure => {
  if (error instanceof StageFailure) return error
  if (error instanceof StoreError) return permanent(error.message, { hint: error.hint })
  if (error instanceof SourceUnreadable) {
    return permanent(error.message, { hint: error.hint, file: locationText(error.source.location) })
  }
  if (error instanceof ArtefactRefused) return permanent(error.message)
  return permanent(`artefact ${error.digest.slice(0, 12)} in the store is damaged: ${error.message}`, {
    hint: "run again: it is made anew",
  })
}

/** A task's failure, as it is told and kept. */
export const reportFailure = (task: Task, failure: StageFailure, log: string | undefined): FailureReport => ({
  reason: failure.reason,
  message: failure.message,
  ...(failure.hint !== undefined && { hint: failure.hint }),
  ...(failure.file !== undefined && { file: failure.file }),
  ...(failure.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
  location: locationText(task.location),
  ...(log !== undefined && { log }),
})
