import { Effect } from "effect"
import { type InputValue, OutputReference, SourcePath, type Task } from "../pipeline/index.ts"
import type { ArtefactDamaged, StoreShape } from "../store/index.ts"

type OutputDigest = (reference: OutputReference) => string

const resolveValue = (
  store: StoreShape,
  digestOf: OutputDigest,
  value: InputValue,
): Effect.Effect<unknown, ArtefactDamaged> => {
  if (value === null || typeof value !== "object") return Effect.succeed(value)
  if (value instanceof SourcePath) return Effect.succeed(value.path)
  if (value instanceof OutputReference) {
    return Effect.map(store.artefact(digestOf(value)), (artefact) => artefact.path)
  }
  if (Array.isArray(value)) return Effect.forEach(value, (item) => resolveValue(store, digestOf, item))
  return resolveMembers(store, digestOf, value)
}

const resolveMembers = (
  store: StoreShape,
  digestOf: OutputDigest,
  object: object,
): Effect.Effect<Readonly<Record<string, unknown>>, ArtefactDamaged> => {
  const members = Object.entries(object).map(([name, item]) =>
    Effect.map(resolveValue(store, digestOf, item), (resolved) => [name, resolved] as const),
  )
  return Effect.map(Effect.all(members), (resolved) => Object.fromEntries(resolved))
}

/** The input that a stage gets: artefacts are absolute paths. */
export const resolveInput = (
  store: StoreShape,
  digestOf: OutputDigest,
  task: Task,
): Effect.Effect<Readonly<Record<string, unknown>>, ArtefactDamaged> =>
  resolveMembers(store, digestOf, task.input)

/** Whether an input holds files of the user's own, which may change while they are read. */
export const holdsSource = (value: InputValue): boolean => {
  if (value === null || typeof value !== "object" || value instanceof OutputReference) return false
  return value instanceof SourcePath || Object.values(value).some(holdsSource)
}
