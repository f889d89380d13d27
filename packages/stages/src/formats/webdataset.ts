import { readdir, readFile, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { DEFAULT_TAR_LIMITS, readTar, type TarLimits } from "./tar-archive.ts"
import { IMAGE_EXTENSIONS, type Sample, splitName } from "./webdataset-sample.ts"

/**
 * The samples of a data set, in a fixed order: shards by name (numbers in names by value), then by their place in
 * the shard.
 *
 * @param source a folder of `.tar` shards, one `.tar` file, or a folder (of folders) of images with optional files
 * of the same name beside them (`cat.jpg`, `cat.txt`)
 * @throws StageFailure (permanent) when there is nothing to read, or an archive is damaged or hostile
 */
export async function* readSamples(
  source: string,
  limits: TarLimits = DEFAULT_TAR_LIMITS,
): AsyncGenerator<Sample> {
  const shards = await listShards(source)
  for (const shard of shards) yield* readShard(shard, limits)
  if (shards.length === 0) yield* readImageFolder(source)
}

/** The shards that `readSamples` would read, in its order; none when the source is a plain folder of images. */
export const listShards = async (source: string): Promise<ReadonlyArray<string>> => {
  const kind = await stat(source).catch(() => undefined)
  if (kind === undefined) throw permanent(`the data set ${source} does not exist`, { file: source })
  if (!kind.isDirectory()) return [source]
  const names = (await readdir(source)).filter((name) => name.endsWith(".tar"))
  return names.sort(byNumberedName).map((name) => join(source, name))
}

/** The samples of one shard: neighbouring members of the same key belong together. */
export async function* readShard(
  file: string,
  limits: TarLimits = DEFAULT_TAR_LIMITS,
): AsyncGenerator<Sample> {
  let key: string | undefined
  let files = new Map<string, Uint8Array>()
  for await (const member of readTar(file, limits)) {
    const name = splitName(member.name)
    if (name === undefined) continue
    if (name.key !== key) {
      if (key !== undefined) yield { key, files }
      key = name.key
      files = new Map()
    }
    if (files.has(name.extension)) throw twice(file, member.name)
    files.set(name.extension, member.bytes)
  }
  if (key !== undefined) yield { key, files }
}

async function* readImageFolder(folder: string): AsyncGenerator<Sample> {
  const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll("\\", "/"))
  const extensions = new Map<string, Array<{ extension: string; path: string }>>()
  for (const path of paths.sort(byNumberedName)) {
    const dot = path.lastIndexOf(".")
    if (basename(path).startsWith(".") || dot <= path.lastIndexOf("/")) continue
    const key = path.slice(0, dot)
    const group = extensions.get(key) ?? []
    extensions.set(key, [...group, { extension: path.slice(dot + 1).toLowerCase(), path }])
  }
  let count = 0
  for (const [key, group] of extensions) {
    if (!group.some(({ extension }) => IMAGE_EXTENSIONS.includes(extension))) continue
    const files = new Map<string, Uint8Array>()
    for (const { extension, path } of group) files.set(extension, await readFile(join(folder, path)))
    count += 1
    yield { key, files }
  }
  if (count > 0) return
  throw permanent(`the folder ${folder} holds neither .tar shards nor images`, {
    file: folder,
    hint: `Name a folder of webdataset shards, or of images (${IMAGE_EXTENSIONS.join(", ")}).`,
  })
}

/** Orders names by code unit, but runs of digits by their value, so that `10.tar` comes after `9.tar`. */
const byNumberedName = (left: string, right: string): number => {
  const a = left.match(/\d+|\D+/g) ?? []
  const b = right.match(/\d+|\D+/g) ?? []
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const x = a[index] ?? ""
    const y = b[index] ?? ""
    const difference = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : 0
    if (difference !== 0) return difference
    if (x !== y) return x < y ? -1 : 1
  }
  return a.length - b.length
}

const twice = (file: string, member: string) =>
  permanent(`the archive ${file} holds ${JSON.stringify(member)} twice in one sample`, {
    file,
    hint: "Files of one sample share a name up to the first dot and must differ in what follows it.",
  })
