import { Effect } from "effect"
import type { Task } from "../pipeline/index.ts"
import type { RunContext } from "./run-context.ts"

/**
 * Where the outputs are that a task gave when it was last done, with other input than now: a task that is made to run
 * again with the same is to do all of it again. What is damaged or gone is left out.
 */
export const previousOutputs = Effect.fnUntraced(function* (
  { store, lastKey }: Pick<RunContext, "store" | "lastKey">,
  { id, stage }: Task,
  key: string,
): Effect.fn.Return<Readonly<Record<string, string>>> {
  const last = lastKey(id)
  const record = last === undefined || last === key ? undefined : store.record(last)
  if (record === undefined || record.stage !== stage.name) return {}
  const paths: Record<string, string> = {}
  for (const [name, digest] of Object.entries(record.outputs)) {
    const found = yield* Effect.option(store.artefact(digest))
    if (found._tag === "Some") paths[name] = found.value.path
  }
  return paths
})
