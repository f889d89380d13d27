import { extname, join } from "node:path"
import { Effect, Scope } from "effect"
import type { Task } from "../pipeline/index.ts"
import { permanent, type StageFailure } from "../stage/index.ts"
import {
  type ArtefactDamaged,
  type ArtefactRefused,
  type Committed,
  type StoreError,
  scanTree,
  storeError,
} from "../store/index.ts"
import { failureOf } from "./failure.ts"
import type { RunContext } from "./run-context.ts"
import type { WorkPlace } from "./work-place.ts"

/** An output that was kept; one that goes with the run is no artefact. */
export type KeptOutput = Pick<Committed, "digest"> & Partial<Committed>

/** A task's outputs, by their names. */
export type KeptOutputs = Readonly<Record<string, KeptOutput>>

const refusedOutput =
  (task: Task, output: string) =>
  (error: ArtefactRefused | StoreError): StageFailure => {
    if (error._tag === "StoreError" && error.code !== "ENOENT") return failureOf(error)
    return permanent(`output \`${output}\` of ${task.stage.name} cannot be kept: ${error.message}`, {
      hint: "an output is made of plain files and folders, in the place that the stage is given for it",
    })
  }

/** Moves an output to where it lives as long as the run: in a work folder, which goes even when the run is killed. */
const passOn = Effect.fnUntraced(function* (context: RunContext, folder: string, file: string | undefined) {
  yield* scanTree(folder, "refuse")
  const digest = yield* context.store.digestSource(file === undefined ? folder : join(folder, file))
  if (context.passing.has(digest)) return { digest }
  const place = yield* Scope.provide(context.store.workFolder, context.scope)
  yield* context.fs.rename(folder, place).pipe(Effect.mapError(storeError("move", folder)))
  context.passing.set(digest, file === undefined ? place : join(place, file))
  return { digest }
})

/** Makes artefacts of what an attempt has written; of a `read-only` task ones that are gone after the run. */
export const keepOutputs = Effect.fnUntraced(function* (
  context: RunContext,
  task: Task,
  { folders }: WorkPlace,
): Effect.fn.Return<KeptOutputs, StageFailure> {
  const outputs: Record<string, KeptOutput> = {}
  for (const [name, folder] of folders) {
    const file = task.stage.outputs[name]?.file
    const kept: Effect.Effect<KeptOutput, ArtefactRefused | StoreError> =
      task.cache === "read-only"
        ? passOn(context, folder, file)
        : context.store.commit(folder, file === undefined ? "folder" : "file")
    outputs[name] = yield* Effect.mapError(kept, refusedOutput(task, name))
  }
  return outputs
})

/** Where an output is that this run has made or found. */
export const artefactPath = (
  { store, passing }: Pick<RunContext, "store" | "passing">,
  digest: string,
): Effect.Effect<string, ArtefactDamaged> => {
  const place = passing.get(digest)
  return place === undefined
    ? Effect.map(store.artefact(digest), (artefact) => artefact.path)
    : Effect.succeed(place)
}

/** Copies an output that goes with the run to where the user wants it. */
export const placePassing = Effect.fnUntraced(function* (
  { fs }: RunContext,
  path: string,
  to: string,
): Effect.fn.Return<string, StoreError> {
  const target = to.endsWith(extname(path)) ? to : to + extname(path)
  yield* fs
    .remove(target, { recursive: true, force: true })
    .pipe(
      Effect.andThen(fs.makeDirectory(join(target, ".."), { recursive: true })),
      Effect.andThen(fs.copy(path, target)),
      Effect.mapError(storeError("write", target)),
    )
  return target
})
