import { Effect } from "effect"
import type { SourcePath, Task } from "../pipeline/index.ts"
import type { Store } from "../store/index.ts"
import { digestSource, sourcesOf } from "./key.ts"
import type { SourceUnreadable } from "./source-unreadable.ts"

/** What a run or plan has found out about the machine and the user's files: asked once for each. */
export interface Facts {
  readonly environment: (name: string) => string
  readonly sourceDigest: (source: SourcePath) => string
  /** Digests by absolute path. */
  readonly sources: Map<string, string>
}

/** Finds out what of the machine the tasks' stages depend on. */
export const learnEnvironment = Effect.fnUntraced(function* (
  tasks: ReadonlyArray<Task>,
  environment: (name: string) => Effect.Effect<string> = () => Effect.succeed(""),
): Effect.fn.Return<Facts> {
  const names = new Set<string>()
  for (const { stage } of tasks) for (const name of stage.environment ?? []) names.add(name)
  const values = new Map<string, string>()
  for (const name of names) values.set(name, yield* environment(name))
  const sources = new Map<string, string>()
  return {
    environment: (name) => values.get(name) ?? "",
    sourceDigest: ({ path }) => sources.get(path) ?? "",
    sources,
  }
})

const unknownSources = (task: Task, facts: Facts): ReadonlyArray<SourcePath> =>
  sourcesOf(task).filter(({ path }) => !facts.sources.has(path))

/** Whether files must be looked at before a task has a key. */
export const hasUnknownSource = (task: Task, facts: Facts): boolean => unknownSources(task, facts).length > 0

/** Looks at those of a task's files that were not looked at before. */
export const learnSources = (task: Task, facts: Facts): Effect.Effect<void, SourceUnreadable, Store> => {
  const unknown = unknownSources(task, facts)
  if (unknown.length === 0) return Effect.void
  return Effect.forEach(
    unknown,
    (source) =>
      Effect.map(digestSource(source), (digest) => {
        facts.sources.set(source.path, digest)
      }),
    { discard: true },
  )
}
