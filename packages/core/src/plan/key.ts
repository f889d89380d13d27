import { relative } from "node:path"
import { Effect } from "effect"
import { type InputValue, OutputReference, SourcePath, type Task } from "../pipeline/index.ts"
import {
  type ArtefactRefused,
  canonicalJson,
  digestOf,
  type RecordedField,
  Store,
  type StoreError,
} from "../store/index.ts"
import { SourceUnreadable } from "./source-unreadable.ts"

/** Raised when keys are computed otherwise than before: every task then runs again. */
const FORMAT = 1
/** A value whose JSON text is longer is recorded by its digest only. */
const LONGEST_SHOWN = 80

/** What a task's outputs depend on, and the digest of all that. */
export interface TaskKey {
  readonly key: string
  readonly fields: Readonly<Record<string, RecordedField>>
  readonly environment: Readonly<Record<string, string>>
}

/** What is known outside the pipeline when a task is keyed. */
export interface KeyContext {
  /** The digest of an output of a task that is done. */
  readonly outputDigest: (reference: OutputReference) => string
  /** What of the machine a stage may depend on, by name: `tensor-backend`. */
  readonly environment: (name: string) => Effect.Effect<string>
}

/** Names with signs of their own are quoted, so that no two places look the same. */
const placeWithin = (place: string, name: string): string => {
  if (!/^[\w-]+$/.test(name)) return `${place}[${JSON.stringify(name)}]`
  return place === "" ? name : `${place}.${name}`
}

/** The leaves of an input, by their place: `learning-rate`, `before[0]`, `model.width`. */
const leavesOf = (value: InputValue, place: string): ReadonlyArray<readonly [string, InputValue]> => {
  if (value === null || typeof value !== "object") return [[place, value]]
  if (value instanceof OutputReference || value instanceof SourcePath) return [[place, value]]
  const members: ReadonlyArray<readonly [string, InputValue]> = Array.isArray(value)
    ? value.map((item, index) => [`${place}[${index}]`, item])
    : Object.entries(value).map(([name, item]) => [placeWithin(place, name), item])
  if (members.length === 0 && place !== "") return [[place, value]]
  return members.flatMap(([name, item]) => leavesOf(item, name))
}

const digestSource = (source: SourcePath): Effect.Effect<string, SourceUnreadable, Store> =>
  Effect.flatMap(Store, (store) => store.digestSource(source.path)).pipe(
    Effect.mapError((error: StoreError | ArtefactRefused) => new SourceUnreadable({ source, cause: error })),
  )

const fieldOf = (
  value: InputValue,
  context: KeyContext,
): Effect.Effect<RecordedField, SourceUnreadable, Store> => {
  if (value instanceof OutputReference) {
    const shown = `${value.task}.${value.output}`
    return Effect.succeed({ digest: context.outputDigest(value), kind: "output", shown })
  }
  if (value instanceof SourcePath) {
    const shown = relative(process.cwd(), value.path) || "."
    return Effect.map(digestSource(value), (digest) => ({ digest, kind: "source", shown }))
  }
  const text = canonicalJson(value)
  const field = { digest: digestOf(value), kind: "value" as const }
  return Effect.succeed(text.length <= LONGEST_SHOWN ? { ...field, shown: text } : field)
}

/**
 * The cache key of a task whose needs are done: the digest of the stage's name and version, the input with every artefact
 * replaced by the digest of its content, and what the stage declares to depend on.
 */
export const keyTask = Effect.fnUntraced(function* (
  task: Task,
  context: KeyContext,
): Effect.fn.Return<TaskKey, SourceUnreadable, Store> {
  const fields: Record<string, RecordedField> = {}
  for (const [place, value] of leavesOf(task.input, "")) fields[place] = yield* fieldOf(value, context)
  const { module } = task.stage
  // No input is called so: its name would be quoted.
  if (module !== undefined)
    fields["the stage"] = { digest: module.digest, kind: "source", shown: module.source }
  const environment: Record<string, string> = {}
  for (const name of task.stage.environment ?? []) environment[name] = yield* context.environment(name)
  const input = Object.entries(fields).map(([place, field]) => [place, field.kind === "value", field.digest])
  const key = digestOf({
    format: FORMAT,
    stage: task.stage.name,
    version: task.stage.version,
    input: input.map(canonicalJson).sort(),
    environment,
  })
  return { key, fields, environment }
})

/** The tasks whose outputs a task's input holds: those that must be done before it has a key. */
export const upstreamOf = (task: Task): ReadonlyArray<string> => {
  const leaves = leavesOf(task.input, "")
  return [...new Set(leaves.flatMap(([, value]) => (value instanceof OutputReference ? [value.task] : [])))]
}
