import { join } from "node:path"
import { sha256 } from "./canonical-json.ts"

/**
 * Where things are in a store:
 *
 * - `store.json`: the store's format
 * - `trees/<ab>/<digest>/{manifest.json, states.json, content/}`: artefacts, named by the digest of their manifest
 * - `keys/<ab>/<key>.json`: which artefacts a task of that key gave
 * - `tasks/<pipeline>.last.json`: the last key of each task and how long stages took: what `plan` keeps for later runs
 * - `checkpoints/<key>/`: what an unfinished task has saved
 * - `work/<lease>-<n>/content/`: what is being made; `leases/<lease>.json`: by which process
 * - `claims/<name>/<lease>`: who computes a key just now
 * - `flushed/<boot>`: up to which moment of a life of the system all is on the disk for good
 * - `pins/<digest>`: artefacts that are kept whatever happens
 * - `damaged/<digest>-<n>/`: artefacts that were found damaged
 * - `runs/<run>/journal.jsonl`: what happened, and when
 * - `sources.json`: digests of the user's own files, by their state on disk
 */
export interface Layout {
  readonly root: string
  readonly format: string
  readonly trees: string
  readonly keys: string
  readonly tasks: string
  readonly checkpoints: string
  readonly work: string
  readonly leases: string
  readonly claims: string
  readonly flushed: string
  readonly pins: string
  readonly damaged: string
  readonly runs: string
  readonly sources: string
  readonly tree: (digest: string) => string
  readonly record: (key: string) => string
  readonly checkpoint: (key: string) => string
  readonly claim: (name: string) => string
}

/** A name that any file system takes: readable where possible, a digest where not. */
export const fileName = (name: string): string => {
  const encoded = encodeURIComponent(name).replaceAll("*", "%2A")
  return encoded.length <= 120 && !encoded.startsWith(".") ? encoded : sha256(name)
}

/** The places in the store at the given folder. */
export const layoutOf = (root: string): Layout => {
  const trees = join(root, "trees")
  const keys = join(root, "keys")
  const tasks = join(root, "tasks")
  const checkpoints = join(root, "checkpoints")
  const claims = join(root, "claims")
  return {
    root,
    format: join(root, "store.json"),
    trees,
    keys,
    tasks,
    checkpoints,
    work: join(root, "work"),
    leases: join(root, "leases"),
    claims,
    flushed: join(root, "flushed"),
    pins: join(root, "pins"),
    damaged: join(root, "damaged"),
    runs: join(root, "runs"),
    sources: join(root, "sources.json"),
    // Put together by hand: these are asked for at every look-up.
    tree: (digest) => `${trees}/${digest.slice(0, 2)}/${digest}`,
    record: (key) => `${keys}/${key.slice(0, 2)}/${key}.json`,
    checkpoint: (key) => join(checkpoints, key),
    claim: (name) => join(claims, fileName(name)),
  }
}
