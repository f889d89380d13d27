import { lstatSync, type Stats } from "node:fs"
import { join } from "node:path"
import type { Flushes, Moment } from "./flushes.ts"
import type { Manifest, ManifestFile } from "./manifest.ts"

/**
 * What tells that a file or folder is the one that was looked at last: its number on the disk and the time of its last
 * change in milliseconds. Not the time that links and permissions change as well, and never compared but for equality, so
 * that no setting of the clock matters.
 */
export type State = readonly [ino: number, mtimeMs: number]

/** The states of an artefact's parts when all of it was known to be right. */
export interface States {
  readonly manifest: State
  /** In the manifest's order. */
  readonly files: ReadonlyArray<State>
  /** Of the content folder and those in it, in the manifest's order; none for a file. */
  readonly folders: ReadonlyArray<State>
  /** When they were taken: a power failure may undo what was written shortly before it, and leaves the states as they were. */
  readonly taken: Moment
}

/** An artefact's manifest, and the states that its parts had. */
export interface Tree {
  readonly manifest: Manifest
  readonly states: States
}

/** How an artefact looks, without a look into its files. */
export type Look =
  | { readonly _tag: "sound" }
  | { readonly _tag: "damaged"; readonly message: string }
  /** Something was touched: only its content can tell. */
  | { readonly _tag: "doubtful" }

const SOUND: Look = { _tag: "sound" }
const DOUBTFUL: Look = { _tag: "doubtful" }
const damaged = (message: string): Look => ({ _tag: "damaged", message })

/** What the system says of a path, if there is something. */
export const statsOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

export const stateOf = (stats: Stats): State => [stats.ino, stats.mtimeMs]

/** Whether a file or folder is as it was. */
export const isAsBefore = (stats: Stats, state: State | undefined): boolean =>
  stats.ino === state?.[0] && stats.mtimeMs === state[1]

/** What is wrong with a file that can be seen from outside. */
export const faultOf = (file: ManifestFile, stats: Stats | undefined): string | undefined => {
  if (stats === undefined || !stats.isFile()) return `its file ${file.path} is missing`
  if (stats.size === file.size) return undefined
  return `its file ${file.path} has ${stats.size} bytes, not ${file.size}`
}

/** The folders of an artefact whose lists of names belong to it. */
export const ownFolders = (manifest: Manifest): ReadonlyArray<string> =>
  manifest.form === "folder" ? ["", ...manifest.folders] : []

/** Compares an artefact with its former states: a look at each part, and nothing is read. */
export const lookAt = (folder: string, { manifest, states }: Tree, flushes: Flushes): Look => {
  const own = statsOf(`${folder}/manifest.json`)
  if (own === undefined) return damaged("it is no longer there")
  let look = isAsBefore(own, states.manifest) && flushes.hasLasted(states.taken) ? SOUND : DOUBTFUL
  const content = `${folder}/content`
  for (const [index, file] of manifest.files.entries()) {
    const stats = statsOf(`${content}/${file.path}`)
    const fault = faultOf(file, stats)
    if (fault !== undefined) return damaged(fault)
    if (stats !== undefined && !isAsBefore(stats, states.files[index])) look = DOUBTFUL
  }
  for (const [index, path] of ownFolders(manifest).entries()) {
    const stats = statsOf(`${content}/${path}`)
    if (stats?.isDirectory() !== true) return damaged(`its folder ${path} is missing`)
    if (!isAsBefore(stats, states.folders[index])) look = DOUBTFUL
  }
  return look
}

/** The states that an artefact's parts have now. */
export const statesNow = (folder: string, manifest: Manifest, taken: Moment): States => {
  const now = (path: string): State => stateOf(lstatSync(join(folder, path)))
  return {
    manifest: now("manifest.json"),
    files: manifest.files.map((file) => now(`content/${file.path}`)),
    folders: ownFolders(manifest).map((path) => now(`content/${path}`)),
    taken,
  }
}

const NEVER: State = [0, 0]
/** States that nothing has: every part is then looked into. */
export const NO_STATES: States = {
  manifest: NEVER,
  files: [],
  folders: [],
  taken: { boot: "", seconds: Number.POSITIVE_INFINITY },
}

/** Reads what {@link statesText} wrote; a text that was damaged says nothing. */
export const parseStates = (text: string): States => {
  try {
    const states: States = JSON.parse(text)
    const whole = [states.manifest, states.files, states.folders].every(Array.isArray)
    return whole && typeof states.taken?.seconds === "number" ? states : NO_STATES
  } catch {
    return NO_STATES
  }
}

/** The text that is stored. */
export const statesText = (states: States): string => JSON.stringify(states)
