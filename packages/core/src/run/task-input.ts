import { Effect } from "effect"
import { type InputValue, OutputReference, SourcePath, type Task } from "../pipeline/index.ts"
import type { ArtefactDamaged } from "../store/index.ts"
import { artefactPath } from "./outputs.ts"
import type { RunContext } from "./run-context.ts"

type Places = Pick<RunContext, "store" | "passing">
type OutputDigest = (reference: OutputReference) => string

const resolveValue = (
  places: Places,
  digestOf: OutputDigest,
  value: InputValue,
): Effect.Effect<unknown, ArtefactDamaged> => {
  if (value === null || typeof value !== "object") return Effect.succeed(value)
  if (value instanceof SourcePath) return Effect.succeed(value.path)
  if (value instanceof OutputReference) {
    return artefactPath(places, digestOf(value))
  }
  if (Array.isArray(value)) return Effect.forEach(value, (item) => resolveValue(places, digestOf, item))
  return resolveMembers(places, digestOf, value)
}

const resolveMembers = (
  places: Places,
  digestOf: OutputDigest,
  object: object,
): Effect.Effect<Readonly<Record<string, unknown>>, ArtefactDamaged> => {
  const members = Object.entries(object).map(([name, item]) =>
    Effect.map(resolveValue(places, digestOf, item), (resolved) => [name, resolved] as const),
  )
  return Effect.map(Effect.all(members), (resolved) => Object.fromEntries(resolved))
}

/** The input that a stage gets: artefacts are absolute paths. */
export const resolveInput = (
  places: Places,
  digestOf: OutputDigest,
  task: Task,
): Effect.Effect<Readonly<Record<string, unknown>>, ArtefactDamaged> =>
  resolveMembers(places, digestOf, task.input)

/** Whether an input holds files of the user's own, which may change while they are read. */
export const holdsSource = (value: InputValue): boolean => {
  if (value === null || typeof value !== "object" || value instanceof OutputReference) return false
  return value instanceof SourcePath || Object.values(value).some(holdsSource)
}
