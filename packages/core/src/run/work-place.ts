import { statfsSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import type { Task } from "../pipeline/index.ts"
import { permanent, type StageCall, type StageFailure } from "../stage/index.ts"
import type { StoreError } from "../store/index.ts"
import type { RunContext } from "./run-context.ts"

/** The folders of one attempt. */
export interface WorkPlace extends Pick<StageCall, "outputs" | "scratch" | "checkpoint"> {
  /** For each output a folder of its own; an output that is a file is the one file in it. */
  readonly folders: ReadonlyArray<readonly [name: string, folder: string]>
}

const MB = 1024 * 1024
/** Bytes that must be free on the store's disk before an attempt, and at most which share of a small disk. */
const RESERVE = 64 * MB
const RESERVED_SHARE = 0.05

/** Fails where the disk is so full that an attempt would only die half-way. */
export const checkSpace = (folder: string): Effect.Effect<void, StageFailure> =>
  Effect.suspend(() => {
    let [free, needed] = [0, 0]
    try {
      const { bavail, blocks, bsize } = statfsSync(folder)
      free = bavail * bsize
      needed = Math.min(RESERVE, blocks * bsize * RESERVED_SHARE)
    } catch {
      // What the disk doesn't say cannot be checked.
      return Effect.void
    }
    if (free >= needed) return Effect.void
    return permanent(`no space left on the disk of the store: ${Math.floor(free / MB)} MB are free`, {
      hint: `free at least ${Math.ceil(needed / MB)} MB on the disk of ${folder} and run again: what is finished is kept`,
    })
  })

/** Makes a fresh place for an attempt, which is removed with the scope. */
export const makeWorkPlace = Effect.fnUntraced(function* (
  { store }: RunContext,
  { stage }: Task,
  key: string,
): Effect.fn.Return<WorkPlace, StoreError, Scope.Scope> {
  const folders: Array<readonly [name: string, folder: string]> = []
  const outputs: Record<string, string> = {}
  for (const [name, { file }] of Object.entries(stage.outputs)) {
    const folder = yield* store.workFolder
    folders.push([name, folder])
    outputs[name] = file === undefined ? folder : join(folder, file)
  }
  return { outputs, scratch: yield* store.workPath, checkpoint: store.checkpointPath(key), folders }
})
