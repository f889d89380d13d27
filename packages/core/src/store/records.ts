import { readFileSync } from "node:fs"
import { Effect, type FileSystem, Schema } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { writeAtomically } from "./durable.ts"
import type { Layout } from "./layout.ts"
import type { StoreError } from "./store-error.ts"

/** One leaf of a task's input, as far as it is needed to explain later what has changed. */
export const RecordedField = Schema.Struct({
  /** Of the value's canonical JSON, or of the artefact's content. */
  digest: Schema.String,
  kind: Schema.Literals(["value", "output", "source"]),
  /** A short value's JSON text, an output's `task.output`, a source's path; absent for a long value. */
  shown: Schema.optionalKey(Schema.String),
})
export type RecordedField = typeof RecordedField.Type

/** What a task of some key gave. Written last: what it names is complete. */
export const KeyRecord = Schema.Struct({
  key: Schema.String,
  stage: Schema.String,
  version: Schema.Number,
  /** The leaves of the input by their place: `learning-rate`, `before[0]`. */
  fields: Schema.Record(Schema.String, RecordedField),
  environment: Schema.Record(Schema.String, Schema.String),
  /** Digests of the outputs. */
  outputs: Schema.Record(Schema.String, Schema.String),
  /** The run that computed it, and when it had: milliseconds since 1970. */
  run: Schema.optionalKey(Schema.String),
  time: Schema.optionalKey(Schema.Number),
})
export type KeyRecord = typeof KeyRecord.Type

const LastKey = Schema.Struct({ key: Schema.String })

const parseRecord = Schema.decodeUnknownSync(Schema.fromJsonString(KeyRecord))
const parseLastKey = Schema.decodeUnknownSync(Schema.fromJsonString(LastKey))

/** A file that is missing or damaged is as good as none: the task then runs again. */
const readOrNone = <A>(path: string, parse: (text: unknown) => A): Effect.Effect<A | undefined> =>
  Effect.sync(() => {
    try {
      return parse(readFileSync(path, "utf8"))
    } catch {
      return undefined
    }
  })

/** The record of a key, where there is a sound one. */
export const readRecord = (layout: Layout, key: string): Effect.Effect<KeyRecord | undefined> =>
  readOrNone(layout.record(key), parseRecord).pipe(
    Effect.map((record) => (record?.key === key ? record : undefined)),
  )

/** Writes a record, whole and for good. */
export const writeRecord = (
  fs: FileSystem.FileSystem,
  layout: Layout,
  record: KeyRecord,
): Effect.Effect<void, StoreError> =>
  writeAtomically(fs, layout.record(record.key), canonicalJson(record), { durable: true })

/** The key that a task of a pipeline had when it was last done. */
export const readLastKey = (
  layout: Layout,
  pipeline: string,
  task: string,
): Effect.Effect<string | undefined> =>
  readOrNone(layout.task(pipeline, task), parseLastKey).pipe(Effect.map((found) => found?.key))

/** Remembers the key of a task, unless it is known already. */
export const writeLastKey = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  layout: Layout,
  pipeline: string,
  task: string,
  key: string,
): Effect.fn.Return<void, StoreError> {
  if ((yield* readLastKey(layout, pipeline, task)) === key) return
  yield* writeAtomically(fs, layout.task(pipeline, task), canonicalJson({ key }), { durable: false })
})
