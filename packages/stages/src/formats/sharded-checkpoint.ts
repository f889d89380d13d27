import { readdir, realpath } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { CheckpointError } from "./checkpoint-error.ts"
import type { CheckpointFile } from "./checkpoint-file.ts"
import { parseJson } from "./json-text.ts"
import { readSmallText } from "./read-small-file.ts"
import type { StoredTensor, TensorDescription } from "./stored-tensor.ts"

/** An open checkpoint of several files, in the manner of Hugging Face: an index says which tensor is in which file. */
export class ShardedCheckpoint implements CheckpointFile {
  readonly format = "sharded"
  readonly metadata = {}
  readonly #places: ReadonlyMap<string, CheckpointFile>
  readonly #shards: ReadonlyArray<CheckpointFile>

  constructor(places: ReadonlyMap<string, CheckpointFile>, shards: ReadonlyArray<CheckpointFile>) {
    this.#places = places
    this.#shards = shards
  }

  /** In the order of the index. */
  names(): ReadonlyArray<string> {
    return [...this.#places.keys()]
  }

  #shard(name: string): CheckpointFile {
    const shard = this.#places.get(name)
    if (shard === undefined) throw new CheckpointError(`there is no tensor named "${name}"`)
    return shard
  }

  entry(name: string): TensorDescription {
    return this.#shard(name).entry(name)
  }

  async read(name: string): Promise<StoredTensor> {
    return await this.#shard(name).read(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard[Symbol.asyncDispose]()))
  }
}

/**
 * Opens all shards that an index names, and checks that index and shards say the same.
 *
 * @param openShard opens one file
 * @throws CheckpointError when shards are missing, or the index lies
 */
export const openSharded = async (
  indexFile: string,
  openShard: (file: string) => Promise<CheckpointFile>,
): Promise<ShardedCheckpoint> => {
  const index = parseIndex(await readSmallText(indexFile, INDEX_LIMIT))
  const folder = dirname(indexFile)
  const files = [...new Set(index.values())].sort()
  await checkFolder(folder, files)
  await checkLinks(indexFile, files)
  const shards = new Map<string, CheckpointFile>()
  try {
    for (const file of files) shards.set(file, await openShard(join(folder, file)))
    return new ShardedCheckpoint(placesOf(index, shards), [...shards.values()])
  } catch (error) {
    for (const shard of shards.values()) await shard[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * The files beside an index that its tensors are in.
 *
 * @throws CheckpointError when it is no index, or names what is no file beside it
 */
export const shardNames = (index: string): ReadonlyArray<string> =>
  [...new Set(parseIndex(index).values())].sort()

/** MiB. */
const INDEX_LIMIT = 64

const parseIndex = (text: string): ReadonlyMap<string, string> => {
  const json = parseJson(text, "its index")
  const map = typeof json === "object" && json !== null && "weight_map" in json ? json.weight_map : undefined
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new CheckpointError("it is JSON, and not the index of a checkpoint: it has no weight_map")
  }
  const index = new Map<string, string>()
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || file !== basename(file) || /^\.{0,2}$|\\|\0/.test(file)) {
      throw new CheckpointError(
        `its index has "${name}" in ${JSON.stringify(file)}, which is no file beside it`,
      )
    }
    index.set(name, file)
  }
  return index
}

/** A shard's name says how many there are: `model-00001-of-00002.safetensors`, `….fp16.safetensors`. */
const SHARD = /^(.*)-\d+-of-(\d+)((?:\.\w+)+)$/

const checkFolder = async (folder: string, files: ReadonlyArray<string>): Promise<void> => {
  const present = await readdir(folder)
  const missing = files.filter((file) => !present.includes(file))
  if (missing.length > 0) throw new CheckpointError(`the shards ${missing.join(", ")} are missing`)
  const families = new Set(files.map(familyOf))
  const extra = present.filter(
    (file) => SHARD.test(file) && families.has(familyOf(file)) && !files.includes(file),
  )
  if (extra.length > 0) throw new CheckpointError(`its index knows nothing of the shards ${extra.join(", ")}`)
}

/** A shard may be a link, as in the hub's cache: to where the index itself is, and nowhere else. */
const checkLinks = async (indexFile: string, files: ReadonlyArray<string>): Promise<void> => {
  const real = async (file: string): Promise<string> => dirname(await realpath(file))
  const home = await real(indexFile)
  for (const file of files) {
    const place = await real(join(dirname(indexFile), file)).catch(() => undefined)
    if (place !== home) throw new CheckpointError(`its shard ${file} is a link that leaves the folder`)
  }
}

const familyOf = (file: string): string => file.replace(SHARD, "$1-of-$2$3")

const placesOf = (
  index: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, CheckpointFile>,
): ReadonlyMap<string, CheckpointFile> => {
  const places = new Map<string, CheckpointFile>()
  const held = new Map([...shards].map(([file, shard]) => [file, new Set(shard.names())]))
  for (const [name, file] of index) {
    const shard = shards.get(file)
    if (shard === undefined || held.get(file)?.delete(name) !== true) {
      throw new CheckpointError(`its index lies: ${file} has no tensor named "${name}"`)
    }
    places.set(name, shard)
  }
  for (const [file, rest] of held) {
    const [name] = rest
    if (name !== undefined) throw new CheckpointError(`its index lies: it does not name "${name}" of ${file}`)
  }
  return places
}
