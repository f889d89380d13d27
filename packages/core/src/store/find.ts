import { Effect } from "effect"
import type { Ground } from "./ground.ts"
import { type KeyRecord, readStored, renewStates, type StoredRecord } from "./records.ts"
import { type Look, lookAt } from "./states.ts"
import { ArtefactDamaged } from "./store-error.ts"
import { findArtefact, readTree } from "./trees.ts"

/** What the store knows of a key. */
export interface Found {
  readonly record: KeyRecord
  /** Why its artefacts cannot be used, in words. */
  readonly damage?: string
  /** Some file was touched since it was last looked into: only `settle` can tell whether it is damaged. */
  readonly doubtful?: true
}

const lookAtOutput = ({ layout, flushes }: Ground, { record, trees }: StoredRecord, output: string): Look => {
  const digest = record.outputs[output] ?? ""
  try {
    return lookAt(layout.tree(digest), trees[digest] ?? readTree(layout, digest), flushes)
  } catch (cause) {
    if (cause instanceof ArtefactDamaged) return { _tag: "damaged", message: cause.message }
    return { _tag: "damaged", message: `it cannot be read: ${String(cause)}` }
  }
}

const damageOf = (output: string, message: string): string =>
  `its artefact \`${output}\` was removed or damaged: ${message}`

/**
 * The record of a key, and whether the named outputs are in the store as they were left there. The quick way for the many
 * tasks of a run: plain code, and a look at each file instead of into it.
 */
export const find = (ground: Ground, key: string, outputs: ReadonlyArray<string>): Found | undefined => {
  const stored = readStored(ground.layout, key)
  if (stored === undefined) return undefined
  const { record } = stored
  let doubtful = false
  for (const output of outputs) {
    if (record.outputs[output] === undefined) return { record, damage: "its record lacks an output" }
    const look = lookAtOutput(ground, stored, output)
    if (look._tag === "damaged") return { record, damage: damageOf(output, look.message) }
    doubtful ||= look._tag === "doubtful"
  }
  return doubtful ? { record, doubtful } : { record }
}

/** As {@link find}, but looks into files that were touched, and remembers those that are right. */
export const settleRecord = Effect.fnUntraced(function* (
  ground: Ground,
  key: string,
  outputs: ReadonlyArray<string>,
): Effect.fn.Return<Found | undefined> {
  const found = find(ground, key, outputs)
  if (found?.doubtful !== true) return found
  const { record } = found
  for (const output of outputs) {
    const damage = yield* Effect.match(findArtefact(ground, record.outputs[output] ?? ""), {
      onSuccess: () => undefined,
      onFailure: (error) => damageOf(output, error.message),
    })
    if (damage !== undefined) return { record, damage }
  }
  renewStates(ground, record)
  return { record }
})
