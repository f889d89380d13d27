import type { Inventory } from "@diva-pipeline/core"
import type { RunUses } from "./cache-uses.ts"

/** Shorter beginnings of digests could be words. */
const SHORTEST_DIGEST = 6
const isDigest = (text: string): boolean => text.length >= SHORTEST_DIGEST && /^[0-9a-f]+$/.test(text)

/** An artefact that was asked for, with the name that it goes by. */
export interface NamedArtefact {
  readonly name: string
  readonly digest: string
}

/** The artefacts that a task, `task.output`, or the beginning of a digest names; of tasks those of the latest run. */
export const selectArtefacts = (
  selector: string,
  inventory: Inventory,
  runs: ReadonlyArray<RunUses>,
): ReadonlyArray<NamedArtefact> => {
  for (const { uses } of runs) {
    const named = uses.flatMap(({ task, outputs }) =>
      Object.entries(outputs).flatMap(([output, digest]): ReadonlyArray<NamedArtefact> => {
        const name = `${task}.${output}`
        return selector === task || selector === name ? [{ name, digest }] : []
      }),
    )
    if (named.length > 0) return named
  }
  if (!isDigest(selector)) return []
  return inventory.trees.flatMap(({ digest }) =>
    digest.startsWith(selector) ? [{ name: digest, digest }] : [],
  )
}

/** `train` is the stage of the tasks `train` and `train[seed=1]`. */
const isOfStage = (task: string, stage: string): boolean => task === stage || task.startsWith(`${stage}[`)

/**
 * The keys of the results that a selector names: a task or a stage of a pipeline, a kind of stage (`train/diva`), or the
 * beginning of a key's or of an artefact's digest.
 */
export const selectKeys = (
  selector: string,
  inventory: Inventory,
  runs: ReadonlyArray<RunUses>,
): ReadonlySet<string> => {
  const records = inventory.records.map(({ record }) => record)
  const ofTasks = runs.flatMap(({ uses }) =>
    uses.flatMap(({ task, key }) => (isOfStage(task, selector) ? [key] : [])),
  )
  const others = records.flatMap(({ key, stage, outputs }) => {
    const digests = [key, ...Object.values(outputs)]
    const isNamed = isDigest(selector) && digests.some((digest) => digest.startsWith(selector))
    return stage === selector || isNamed ? [key] : []
  })
  const known = new Set(records.map(({ key }) => key))
  return new Set([...ofTasks, ...others].filter((key) => known.has(key)))
}
