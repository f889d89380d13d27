import { join } from "node:path"
import { sha256 } from "./canonical-json.ts"

/**
 * Where things are in a store:
 *
 * - `trees/<ab>/<digest>/{manifest.json, content/}`: artefacts, named by the digest of their manifest
 * - `keys/<ab>/<key>.json`: which artefacts a task of that key gave
 * - `tasks/<pipeline>/<task>.json`: the last key of a task, to explain why it runs again
 * - `checkpoints/<key>/`: what an unfinished task has saved
 * - `work/<lease>-<n>/`: what is being made; `leases/<lease>.json`: by which process
 * - `claims/<name>/<n>`: who computes a key just now
 * - `runs/<run>/journal.jsonl`: what happened, and when
 * - `sources.json`: digests of the user's own files, by their state on disk
 */
export interface Layout {
  readonly root: string
  readonly work: string
  readonly leases: string
  readonly runs: string
  readonly sources: string
  readonly tree: (digest: string) => string
  readonly record: (key: string) => string
  readonly task: (pipeline: string, task: string) => string
  readonly checkpoint: (key: string) => string
  readonly claims: (name: string) => string
}

/** A name that any file system takes: readable where possible, a digest where not. */
export const fileName = (name: string): string => {
  const encoded = encodeURIComponent(name).replaceAll("*", "%2A")
  return encoded.length <= 120 && !encoded.startsWith(".") ? encoded : sha256(name)
}

/** The places in the store at the given folder. */
export const layoutOf = (root: string): Layout => ({
  root,
  work: join(root, "work"),
  leases: join(root, "leases"),
  runs: join(root, "runs"),
  sources: join(root, "sources.json"),
  tree: (digest) => join(root, "trees", digest.slice(0, 2), digest),
  record: (key) => join(root, "keys", key.slice(0, 2), `${key}.json`),
  task: (pipeline, task) => join(root, "tasks", fileName(pipeline), `${fileName(task)}.json`),
  checkpoint: (key) => join(root, "checkpoints", key),
  claims: (name) => join(root, "claims", fileName(name)),
})
