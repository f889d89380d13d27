import { randomBytes } from "node:crypto"
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises"
import { basename, dirname, join, relative } from "node:path"
import { type HubRevision, isCommit } from "./address.ts"
import type { HubFile, HubSnapshot } from "./snapshot.ts"

/*
 * The cache of Python's huggingface_hub, in its own layout:
 *
 *   models--owner--name/refs/main            the commit that a branch or tag was, when it was asked for last
 *   models--owner--name/blobs/<digest>       contents, by sha256 (LFS, Xet) or by git's sha1
 *   models--owner--name/snapshots/<commit>/… links to them
 *
 * The library of Hugging Face for JavaScript writes this layout, too, but loses what had come when a download is cut,
 * and checks no digest. Python's locks (flock, which Node has not) are left alone: by its own words they only save
 * downloads, and every file here has its name once it is whole.
 */

const repositoryFolder = (cache: string, repository: string): string =>
  join(cache, `${repository.startsWith("datasets/") ? "" : "models/"}${repository}`.split("/").join("--"))

/** The name of a file's blob; undefined where the hub gave no digest. */
const blobName = ({ sha256, gitSha1 }: HubFile): string | undefined => sha256 ?? gitSha1

/** What the cache knows of a revision: its commit, and which files of it are there. */
export const cachedSnapshot = async (cache: string, asked: HubRevision): Promise<HubSnapshot | undefined> => {
  const folder = repositoryFolder(cache, asked.repository)
  const commit = isCommit(asked.revision)
    ? asked.revision
    : (await readFile(join(folder, "refs", asked.revision), "utf8").catch(() => "")).trim()
  if (!isCommit(commit)) return undefined
  const snapshot = join(folder, "snapshots", commit)
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return undefined
  const files = new Map<string, HubFile>()
  for (const entry of entries) {
    const place = join(entry.parentPath, entry.name)
    const found = await stat(place).catch(() => undefined)
    if (!found?.isFile()) continue
    const path = relative(snapshot, place).split("\\").join("/")
    const name = basename(await readlink(place).catch(() => ""))
    files.set(path, {
      path,
      size: found.size,
      sha256: /^[0-9a-f]{64}$/.test(name) ? name : undefined,
      gitSha1: /^[0-9a-f]{40}$/.test(name) ? name : undefined,
      isXet: false,
    })
  }
  return { ...asked, commit, files, isFresh: false }
}

/** Where in the cache a file's content may be, the likeliest place first; it is still to be checked. */
export const cachedPlaces = (
  cache: string,
  { repository, commit }: HubSnapshot,
  file: HubFile,
): ReadonlyArray<string> => {
  const folder = repositoryFolder(cache, repository)
  const name = blobName(file)
  return [
    join(folder, "snapshots", commit, file.path),
    ...(name === undefined ? [] : [join(folder, "blobs", name)]),
  ]
}

/**
 * Puts a checked file into the cache, in the place of a damaged one if there is one, and links it into its snapshot.
 * Returns its place there.
 */
export const shareFile = async (
  cache: string,
  snapshot: HubSnapshot,
  file: HubFile,
  whole: string,
): Promise<string> => {
  const folder = repositoryFolder(cache, snapshot.repository)
  const name = blobName(file)
  const pointer = join(folder, "snapshots", snapshot.commit, file.path)
  const blob = name === undefined ? pointer : join(folder, "blobs", name)
  await mkdir(dirname(pointer), { recursive: true })
  await mkdir(dirname(blob), { recursive: true })
  await moveTo(whole, blob)
  if (blob !== pointer) await pointTo(blob, pointer)
  await noteRevision(folder, snapshot)
  return blob
}

/** Links content that is in the cache already, and notes the revision; a cache that can't be written to stays as it is. */
export const relinkFile = async (
  cache: string,
  snapshot: HubSnapshot,
  file: HubFile,
  found: string,
): Promise<void> => {
  const folder = repositoryFolder(cache, snapshot.repository)
  const pointer = join(folder, "snapshots", snapshot.commit, file.path)
  try {
    if (found !== pointer) {
      await mkdir(dirname(pointer), { recursive: true })
      await pointTo(found, pointer)
    }
    await noteRevision(folder, snapshot)
  } catch {
    // The content itself was found and is sound.
  }
}

const temporary = (path: string): string => `${path}.${randomBytes(4).toString("hex")}`

const moveTo = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to)
  } catch {
    // On another disk.
    const copy = `${temporary(to)}.incomplete`
    try {
      await copyFile(from, copy)
      await rename(copy, to)
    } finally {
      await rm(copy, { force: true })
    }
    await rm(from, { force: true })
  }
}

const pointTo = async (blob: string, pointer: string): Promise<void> => {
  const link = temporary(pointer)
  try {
    await symlink(relative(dirname(pointer), blob), link).catch(() => copyFile(blob, link))
    await rename(link, pointer)
  } finally {
    await rm(link, { force: true })
  }
}

const noteRevision = async (folder: string, { revision, commit, isFresh }: HubSnapshot): Promise<void> => {
  const ref = join(folder, "refs", revision)
  if (!isFresh || revision === commit) return
  if ((await readFile(ref, "utf8").catch(() => undefined)) === commit) return
  await mkdir(dirname(ref), { recursive: true })
  const written = temporary(ref)
  await writeFile(written, commit)
  await rename(written, ref)
}
