import type { StageFailure } from "@diva-pipeline/core"

/** A StageFailure as a message between threads or processes can hold it. */
export type FailureToSend = ConstructorParameters<typeof StageFailure>[0]

export const failureToSend = ({ reason, message, hint, file }: StageFailure): FailureToSend => ({
  reason,
  message,
  ...(hint === undefined ? {} : { hint }),
  ...(file === undefined ? {} : { file }),
})
