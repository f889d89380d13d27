import { Effect, Exit } from "effect"
import type { OutputSize } from "../observe/index.ts"
import type { Measures } from "../stage/index.ts"
import type { StoreShape } from "../store/index.ts"
import type { RunContext } from "./run-context.ts"

/** Follows one attempt, and tells the run's history what it took. */
export interface AttemptMeasures {
  readonly used: (measures: Measures) => void
  /** The stage itself is over, well or not. */
  readonly stageOver: Effect.Effect<void>
  /** The outputs are in the store. */
  readonly committed: (digests: Readonly<Record<string, string>>) => Effect.Effect<void>
  /** The attempt is over. */
  readonly ended: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

const sizesOf = Effect.fnUntraced(function* (store: StoreShape, digests: Readonly<Record<string, string>>) {
  const sizes: Record<string, OutputSize> = {}
  for (const [name, digest] of Object.entries(digests)) {
    const { manifest } = yield* store.artefact(digest)
    const bytes = manifest.files.reduce((sum, file) => sum + file.size, 0)
    sizes[name] = { bytes, files: manifest.files.length }
  }
  return sizes
})

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
    committed: (digests) =>
      Effect.gen(function* () {
        commitSeconds = (now() - (stageOver ?? begun)) / 1000
        sizes = yield* Effect.orElseSucceed(sizesOf(context.store, digests), () => undefined)
      }),
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
