import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Schema } from "effect"
import { fileName } from "../store/index.ts"

/**
 * What earlier runs of a pipeline have taught: the keys that its tasks had when they were last done, to explain why they
 * run again, and how long its stages took, to start the longest way first. One file for a pipeline, written once a run.
 * Nothing depends on it but explanations and the order of work: a missing or damaged one is as good as an empty one.
 */
export interface LastTime {
  /** By task id. */
  readonly keys: Readonly<Record<string, string>>
  /** By the stage's key in the document: the seconds of an attempt, the newest ones counting most. */
  readonly seconds: Readonly<Record<string, number>>
}

const Content = Schema.Struct({
  keys: Schema.Record(Schema.String, Schema.String),
  seconds: Schema.Record(Schema.String, Schema.Number),
})
const parse = Schema.decodeUnknownSync(Schema.fromJsonString(Content))

const fileOf = (root: string, pipeline: string): string =>
  join(root, "tasks", `${fileName(pipeline)}.last.json`)

const nothing: LastTime = { keys: {}, seconds: {} }

/** What is known of a pipeline in the store with that root. */
export const readLastTime = (root: string, pipeline: string): LastTime => {
  try {
    return parse(readFileSync(fileOf(root, pipeline), "utf8"))
  } catch {
    return nothing
  }
}

/** Keys that tasks had when they were last done; the file is read when the first one is asked for. */
export const lastKeys = (root: string, pipeline: string): ((task: string) => string | undefined) => {
  let read: LastTime | undefined
  return (task) => {
    read ??= readLastTime(root, pipeline)
    return read.keys[task]
  }
}

/** Adds to what is known. Of two runs that do so at once one may be forgotten. */
export const writeLastTime = (root: string, pipeline: string, news: LastTime): void => {
  const file = fileOf(root, pipeline)
  const partial = `${file}.${process.pid}.partial`
  const former = readLastTime(root, pipeline)
  const isOld = Object.entries(news.keys).every(([task, key]) => former.keys[task] === key)
  if (isOld && Object.keys(news.seconds).length === 0) return
  const content: LastTime = {
    keys: { ...former.keys, ...news.keys },
    seconds: { ...former.seconds, ...news.seconds },
  }
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(partial, JSON.stringify(content))
    renameSync(partial, file)
  } catch {
    // The disk is full or read-only: only explanations suffer.
    rmSync(partial, { force: true })
  }
}
