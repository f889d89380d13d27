import { Effect, Exit } from "effect"
import type { OutputSize } from "../observe/index.ts"
import type { Measures } from "../stage/index.ts"
import type { KeptOutputs } from "./outputs.ts"
import type { RunContext } from "./run-context.ts"

/** Follows one attempt, and tells the run's history what it took. */
export interface AttemptMeasures {
  readonly used: (measures: Measures) => void
  /** The stage itself is over, well or not. */
  readonly stageOver: Effect.Effect<void>
  /** The outputs are in the store. */
  readonly committed: (outputs: KeptOutputs) => void
  /** The attempt is over. */
  readonly ended: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

const sizesOf = (outputs: KeptOutputs): Readonly<Record<string, OutputSize>> => {
  const sizes: Record<string, OutputSize> = {}
  for (const [name, { tree }] of Object.entries(outputs)) {
    if (tree === undefined) continue
    const { files } = tree.manifest
    sizes[name] = { bytes: files.reduce((sum, file) => sum + file.size, 0), files: files.length }
  }
  return sizes
}

const resultOf = (exit: Exit.Exit<unknown, unknown>): "succeeded" | "failed" | "cancelled" => {
  if (Exit.isSuccess(exit)) return "succeeded"
  return Exit.hasInterrupts(exit) ? "cancelled" : "failed"
}

/** Begins to follow an attempt. */
export const measureAttempt = (context: RunContext, task: string, attempt: number): AttemptMeasures => {
  const { now } = context
  const begun = now()
  let stageOver: number | undefined
  let commitSeconds: number | undefined
  let peakMemory: number | undefined
  let sizes: Readonly<Record<string, OutputSize>> | undefined
  return {
    used: (measures) => {
      peakMemory = measures.peakMemory
    },
    stageOver: Effect.sync(() => {
      stageOver = now()
    }),
    committed: (outputs) => {
      commitSeconds = (now() - (stageOver ?? begun)) / 1000
      sizes = sizesOf(outputs)
    },
    ended: (exit) =>
      Effect.sync(() =>
        context.emit({
          _tag: "AttemptEnded",
          task,
          attempt,
          result: resultOf(exit),
          stageSeconds: ((stageOver ?? now()) - begun) / 1000,
          ...(commitSeconds !== undefined && { commitSeconds }),
          ...(peakMemory !== undefined && { peakMemory }),
          ...(sizes !== undefined && { sizes }),
        }),
      ),
  }
}
