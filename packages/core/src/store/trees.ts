import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { writeAtomically } from "./disk.ts"
import type { Ground } from "./ground.ts"
import { hashFile } from "./hash.ts"
import type { Layout } from "./layout.ts"
import { artefactPath, type Manifest, type ManifestFile, parseManifest } from "./manifest.ts"
import {
  faultOf,
  isAsBefore,
  lookAt,
  NO_STATES,
  ownFolders,
  parseStates,
  type State,
  type States,
  stateOf,
  statesText,
  statsOf,
  type Tree,
} from "./states.ts"
import { ArtefactDamaged, errorCode, type StoreError } from "./store-error.ts"

/** An artefact in the store. */
export interface Artefact {
  readonly digest: string
  /** Absolute path of the folder or file, never to be written to. */
  readonly path: string
  readonly manifest: Manifest
}

/** How many files are read at once. */
const PARALLEL = 4

const damaged = (digest: string, message: string): ArtefactDamaged => new ArtefactDamaged({ digest, message })

/** Reads a manifest; its own bytes must have the digest that the artefact is named by. */
const readManifest = (folder: string, digest: string): Manifest => {
  let text: string
  try {
    text = readFileSync(`${folder}/manifest.json`, "utf8")
  } catch (cause) {
    const isGone = errorCode(cause) === "ENOENT"
    throw damaged(digest, isGone ? "it is no longer there" : "its manifest cannot be read")
  }
  const manifest = parseManifest(text, digest)
  if (manifest === undefined) throw damaged(digest, "its manifest was changed")
  return manifest
}

const readStates = (folder: string): States => {
  try {
    return parseStates(readFileSync(`${folder}/states.json`, "utf8"))
  } catch {
    return NO_STATES
  }
}

/** What is known of an artefact. Throws {@link ArtefactDamaged} when its manifest is not there as it must be. */
export const readTree = (layout: Layout, digest: string): Tree => {
  const folder = layout.tree(digest)
  return { manifest: readManifest(folder, digest), states: readStates(folder) }
}

const readTreeEffect = (layout: Layout, digest: string): Effect.Effect<Tree, ArtefactDamaged> =>
  Effect.try({
    try: () => readTree(layout, digest),
    catch: (cause) =>
      cause instanceof ArtefactDamaged ? cause : damaged(digest, `it cannot be read: ${String(cause)}`),
  })

const artefactOf = (layout: Layout, digest: string, manifest: Manifest): Artefact => ({
  digest,
  path: artefactPath(manifest, join(layout.tree(digest), "content")),
  manifest,
})

/** Names in a folder that its artefact doesn't have. */
const strangersIn = (content: string, folder: string, manifest: Manifest): ReadonlyArray<string> => {
  const known = new Set([...manifest.files.map((file) => file.path), ...manifest.folders])
  const names = readdirSync(join(content, folder)).map((name) => (folder === "" ? name : `${folder}/${name}`))
  return names.filter((name) => !known.has(name))
}

/** Looks into what was touched since its states were taken, and gives the states of today. */
const settle = Effect.fnUntraced(function* (
  { layout, flushes }: Ground,
  digest: string,
  { manifest, states: former }: Tree,
): Effect.fn.Return<States, ArtefactDamaged | StoreError> {
  const root = layout.tree(digest)
  const content = join(root, "content")
  const states = flushes.hasLasted(former.taken) ? former : NO_STATES
  const taken = flushes.now()
  const settleFile = Effect.fnUntraced(function* (file: ManifestFile, index: number) {
    const path = join(content, file.path)
    const stats = statsOf(path)
    const fault = faultOf(file, stats)
    if (stats === undefined || fault !== undefined) return yield* damaged(digest, fault ?? "")
    const former = states.files[index]
    if (former !== undefined && isAsBefore(stats, former)) return former
    if ((yield* hashFile(path, file.size)) !== file.sha256) {
      return yield* damaged(digest, `the content of its file ${file.path} was changed`)
    }
    return stateOf(stats)
  })
  const settleFolder = Effect.fnUntraced(function* (folder: string, index: number) {
    const stats = statsOf(join(content, folder))
    if (stats?.isDirectory() !== true) return yield* damaged(digest, `its folder ${folder} is missing`)
    const former = states.folders[index]
    if (former !== undefined && isAsBefore(stats, former)) return former
    const [stranger] = strangersIn(content, folder, manifest)
    if (stranger !== undefined) return yield* damaged(digest, `it holds ${stranger}, which is not its own`)
    return stateOf(stats)
  })
  const own = statsOf(join(root, "manifest.json"))
  const files: ReadonlyArray<State> = yield* Effect.forEach(manifest.files, settleFile, {
    concurrency: PARALLEL,
  })
  const folders: ReadonlyArray<State> = yield* Effect.forEach(ownFolders(manifest), settleFolder)
  return { manifest: own === undefined ? states.manifest : stateOf(own), files, folders, taken }
})

const remember = ({ disk, layout }: Ground, digest: string, states: States): Effect.Effect<void> =>
  Effect.sync(() => {
    try {
      writeAtomically(disk, join(layout.tree(digest), "states.json"), statesText(states))
    } catch {
      // It cannot be written to: the next look costs as much as this one did.
    }
  })

/** The artefact of that digest, if it is whole: what was touched since the last look is read again. */
export const findArtefact = Effect.fnUntraced(function* (
  ground: Ground,
  digest: string,
): Effect.fn.Return<Artefact, ArtefactDamaged> {
  const { layout, flushes } = ground
  const tree = yield* readTreeEffect(layout, digest)
  const look = lookAt(layout.tree(digest), tree, flushes)
  if (look._tag === "damaged") return yield* damaged(digest, look.message)
  if (look._tag === "doubtful") {
    const states = yield* settle(ground, digest, tree).pipe(
      Effect.catchTag("StoreError", (error) => Effect.fail(damaged(digest, error.message))),
    )
    yield* remember(ground, digest, states)
  }
  return artefactOf(layout, digest, tree.manifest)
})

/** As {@link findArtefact}, but every byte is read, whether it was touched or not. */
export const verifyArtefact = Effect.fnUntraced(function* (
  ground: Ground,
  digest: string,
): Effect.fn.Return<Artefact, ArtefactDamaged | StoreError> {
  const { layout } = ground
  const { manifest } = yield* readTreeEffect(layout, digest)
  yield* remember(ground, digest, yield* settle(ground, digest, { manifest, states: NO_STATES }))
  return artefactOf(layout, digest, manifest)
})
