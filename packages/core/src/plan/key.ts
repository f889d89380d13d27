import { relative } from "node:path"
import { Effect } from "effect"
import { type InputValue, OutputReference, SourcePath, type Task } from "../pipeline/index.ts"
import { isUnkeyed } from "../stage/index.ts"
import {
  type ArtefactRefused,
  canonicalJson,
  digestOf,
  type RecordedField,
  Store,
  type StoreError,
  sha256,
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

/** As {@link KeyContext}, when all that takes time to find out is known. */
export interface KnownContext {
  readonly outputDigest: (reference: OutputReference) => string
  /** The digest of what is at a path of the user's. */
  readonly sourceDigest: (source: SourcePath) => string
  readonly environment: (name: string) => string
}

const PLAIN_NAME = /^[\w-]+$/

/** Names with signs of their own are quoted, so that no two places look the same. */
const placeWithin = (place: string, name: string): string => {
  if (!PLAIN_NAME.test(name)) return `${place}[${JSON.stringify(name)}]`
  return place === "" ? name : `${place}.${name}`
}

type Visit = (place: string, leaf: InputValue) => void

const visitMembers = (value: object, place: string, visit: Visit): void => {
  const members = Object.entries(value)
  if (members.length === 0 && place !== "") visit(place, Array.isArray(value) ? [] : {})
  for (const [name, item] of members) {
    visitLeaves(item, Array.isArray(value) ? `${place}[${name}]` : placeWithin(place, name), visit)
  }
}

/** Visits the leaves of an input with their place: `learning-rate`, `before[0]`, `model.width`. */
const visitLeaves = (value: InputValue, place: string, visit: Visit): void => {
  if (value === null || typeof value !== "object") visit(place, value)
  else if (value instanceof OutputReference || value instanceof SourcePath) visit(place, value)
  else visitMembers(value, place, visit)
}

/** How a source is shown: from where the user stands, if that is shorter. */
const shownPath = (path: string): string => relative(process.cwd(), path) || "."

const fieldOf = (value: InputValue, context: KnownContext): RecordedField => {
  if (value instanceof OutputReference) {
    return { digest: context.outputDigest(value), kind: "output", shown: `${value.task}.${value.output}` }
  }
  if (value instanceof SourcePath) {
    return { digest: context.sourceDigest(value), kind: "source", shown: shownPath(value.path) }
  }
  const text = canonicalJson(value)
  const digest = sha256(text)
  return text.length <= LONGEST_SHOWN ? { digest, kind: "value", shown: text } : { digest, kind: "value" }
}

const environmentOf = (task: Task, context: KnownContext): Readonly<Record<string, string>> => {
  const environment: Record<string, string> = {}
  for (const name of task.stage.environment ?? []) environment[name] = context.environment(name)
  for (const [name, value] of Object.entries(task.environment)) environment[`env.${name}`] = value
  return environment
}

/** The input without what changes no output. */
const keyedInput = ({ stage, input }: Task): Task["input"] => {
  const { properties } = stage.input
  const entries = Object.entries(input)
  const keyed = entries.filter(([name]) => !Object.hasOwn(properties, name) || !isUnkeyed(properties[name]))
  return keyed.length === entries.length ? input : Object.fromEntries(keyed)
}

/** {@link keyTask} for those who know already what it would have to find out. */
export const keyOfTask = (task: Task, context: KnownContext): TaskKey => {
  const fields: Record<string, RecordedField> = {}
  const input: Array<string> = []
  const add = (place: string, field: RecordedField): void => {
    fields[place] = field
    input.push(`[${JSON.stringify(place)},${field.kind === "value"},"${field.digest}"]`)
  }
  visitLeaves(keyedInput(task), "", (place, value) => add(place, fieldOf(value, context)))
  const { module } = task.stage
  // No input is called so: its name would be quoted.
  if (module !== undefined) add("the stage", { digest: module.digest, kind: "source", shown: module.source })
  const environment = environmentOf(task, context)
  const { name: stage, version } = task.stage
  const key = digestOf({ format: FORMAT, stage, version, input: input.sort(), environment })
  return { key, fields, environment }
}

/** The digest of what is at a path of the user's now. */
export const digestSource = (source: SourcePath): Effect.Effect<string, SourceUnreadable, Store> =>
  Effect.flatMap(Store, (store) => store.digestSource(source.path)).pipe(
    Effect.mapError((error: StoreError | ArtefactRefused) => new SourceUnreadable({ source, cause: error })),
  )

/** The files and folders of the user's own that a task's input holds. */
export const sourcesOf = (task: Task): ReadonlyArray<SourcePath> => {
  const sources: Array<SourcePath> = []
  visitLeaves(task.input, "", (_, value) => {
    if (value instanceof SourcePath) sources.push(value)
  })
  return sources
}

/** The outputs of other tasks that a task's input holds, with their places. */
export const outputsIn = (
  task: Task,
): ReadonlyArray<readonly [place: string, reference: OutputReference]> => {
  const found: Array<readonly [string, OutputReference]> = []
  visitLeaves(task.input, "", (place, value) => {
    if (value instanceof OutputReference) found.push([place, value])
  })
  return found
}

/**
 * The cache key of a task whose needs are done: the digest of the stage's name and version, the input with every artefact
 * replaced by the digest of its content and without what is `unkeyed`, and what the stage declares to depend on.
 */
export const keyTask = Effect.fnUntraced(function* (
  task: Task,
  context: KeyContext,
): Effect.fn.Return<TaskKey, SourceUnreadable, Store> {
  const sources = new Map<string, string>()
  for (const source of sourcesOf(task)) sources.set(source.path, yield* digestSource(source))
  const environment = new Map<string, string>()
  for (const name of task.stage.environment ?? []) environment.set(name, yield* context.environment(name))
  return keyOfTask(task, {
    outputDigest: context.outputDigest,
    sourceDigest: ({ path }) => sources.get(path) ?? "",
    environment: (name) => environment.get(name) ?? "",
  })
})

/** The tasks whose outputs a task's input holds: those that must be done before it has a key. */
export const upstreamOf = (task: Task): ReadonlyArray<string> => {
  const upstream = new Set<string>()
  visitLeaves(task.input, "", (_, value) => {
    if (value instanceof OutputReference) upstream.add(value.task)
  })
  return [...upstream]
}
