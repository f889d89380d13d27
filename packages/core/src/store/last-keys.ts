import { readFileSync } from "node:fs"
import { dirname } from "node:path"
import { type Disk, writeAtomically } from "./disk.ts"
import type { Layout } from "./layout.ts"
import { errorCode } from "./store-error.ts"

/** The keys that the tasks of pipelines had when they were last done: they explain why a task runs again. */
export interface LastKeys {
  readonly of: (pipeline: string, task: string) => string | undefined
  /** Remembers a key unless it is known already. What cannot be written is forgotten: a run doesn't depend on it. */
  readonly set: (pipeline: string, task: string, key: string) => void
}

// A line for each change: the key, a space, the task's id as JSON. Processes append to it at the same time.

const parse = (text: string): Map<string, string> => {
  const keys = new Map<string, string>()
  for (const line of text.split("\n")) {
    try {
      const end = line.indexOf(" ")
      const task: unknown = JSON.parse(line.slice(end + 1))
      if (typeof task === "string") keys.set(task, line.slice(0, end))
    } catch {
      // A line that was cut, or nothing after the last one.
    }
  }
  return keys
}

const lineOf = (task: string, key: string): string => `${key} ${JSON.stringify(task)}\n`

/** Reads a pipeline's lines; a file that is mostly out of date is written anew. */
const load = (disk: Disk, path: string): Map<string, string> => {
  try {
    const text = readFileSync(path, "utf8")
    const keys = parse(text)
    const current = [...keys].map(([task, key]) => lineOf(task, key)).join("")
    if (text.length > 4 * current.length + 4096) writeAtomically(disk, path, current)
    return keys
  } catch {
    return new Map()
  }
}

/** The last keys of a store. */
export const makeLastKeys = (disk: Disk, layout: Layout): LastKeys => {
  const loaded = new Map<string, Map<string, string>>()
  const keysOf = (pipeline: string): Map<string, string> => {
    const keys = loaded.get(pipeline) ?? load(disk, layout.lastKeys(pipeline))
    loaded.set(pipeline, keys)
    return keys
  }
  const append = (path: string, line: string): void => {
    try {
      disk.append(path, line)
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT") throw cause
      disk.makeFolder(dirname(path))
      disk.append(path, line)
    }
  }
  return {
    of: (pipeline, task) => keysOf(pipeline).get(task),
    set: (pipeline, task, key) => {
      const keys = keysOf(pipeline)
      if (keys.get(task) === key) return
      keys.set(task, key)
      try {
        append(layout.lastKeys(pipeline), lineOf(task, key))
      } catch {
        // A full or a read-only disk: the next run explains less.
      }
    },
  }
}
