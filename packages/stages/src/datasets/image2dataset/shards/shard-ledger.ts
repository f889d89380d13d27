import { createHash } from "node:crypto"
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { Option, Schema } from "effect"
import type { DownloadOptions } from "../options.ts"
import { type ShardTimes, Statistics, statsJson } from "./statistics.ts"

/** What is kept of a finished shard. */
const FinishedShard = Schema.Struct({
  /** The digest of the options that shape it. */
  shape: Schema.String,
  /** The digest of its rows. */
  rows: Schema.String,
  /** Its files, or its folder, with sizes; a folder's is not looked at. */
  files: Schema.Record(Schema.String, Schema.NullOr(Schema.Number)),
  statistics: Statistics,
})
export type FinishedShard = typeof FinishedShard.Type
const decodeFinished = Schema.decodeUnknownOption(Schema.fromJsonString(FinishedShard))

/** What is kept of a list of which every shard is finished. */
const FinishedList = Schema.Struct({
  stamp: Schema.String,
  shape: Schema.String,
  shards: Schema.Array(Schema.String),
  statistics: Statistics,
})
export type FinishedList = typeof FinishedList.Type
const decodeList = Schema.decodeUnknownOption(Schema.fromJsonString(FinishedList))

/** The folder beside the shards in which all this is kept. */
const FOLDER = ".image2dataset"

/**
 * Knows which shards of a folder are finished. A run may be killed at any time: a shard counts when its record and all
 * its files are there, of which the statistics come last, in one step, after the others have been flushed and moved.
 */
export class ShardLedger {
  /** Where the shards are. */
  readonly folder: string
  readonly #own: string
  readonly #part: number

  /** @param part which of several machines this is that fill the folder together */
  constructor(folder: string, part: number) {
    this.folder = folder
    this.#own = join(folder, FOLDER)
    this.#part = part
  }

  /** Where shards that have been replaced wait for others to take their samples. */
  get retired(): string {
    return join(this.#own, "retired")
  }

  /** An empty folder for what is being made. */
  async emptyWork(): Promise<string> {
    const work = join(this.#own, `work-${this.#part}`)
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true })
    return work
  }

  /** The record of a shard whose files are all there. */
  async finished(name: string): Promise<FinishedShard | undefined> {
    const text = await readFile(this.#record(name), "utf8").catch(() => undefined)
    const shard = Option.getOrUndefined(decodeFinished(text))
    if (shard === undefined) return undefined
    for (const [file, size] of Object.entries(shard.files)) {
      const found = await stat(join(this.folder, file)).catch(() => undefined)
      if (found === undefined || (size !== null && found.size !== size)) return undefined
    }
    return shard
  }

  /** The digests of the rows of a finished shard, one after the other. */
  async rowDigests(name: string): Promise<Buffer | undefined> {
    return readFile(this.#rows(name)).catch(() => undefined)
  }

  /**
   * Moves a shard from `work` to its place and records it. One that was there before is retired.
   *
   * @param files what the writer made
   */
  async finish(
    name: string,
    work: string,
    files: ReadonlyArray<string>,
    rows: Buffer,
    about: {
      readonly shape: string
      readonly statistics: Statistics
      readonly times: ShardTimes | undefined
    },
  ): Promise<void> {
    const stats = `${name}_stats.json`
    await writeFlushed(join(work, stats), statsJson(about.statistics, about.times))
    const all = [...files, stats]
    const sizes: Record<string, number | null> = {}
    for (const file of all) sizes[file] = await flush(join(work, file))
    const digests = join(work, `${name}.rows`)
    await writeFlushed(digests, rows)
    await this.#retire(name, all)
    for (const file of files) await rename(join(work, file), join(this.folder, file))
    await rename(digests, this.#rows(name))
    const { shape, statistics } = about
    const record: FinishedShard = { shape, rows: digestOf(rows), files: sizes, statistics }
    await this.#put(this.#record(name), record)
    await rename(join(work, stats), join(this.folder, stats))
  }

  /** The names of all shards that have records. */
  async names(): Promise<ReadonlyArray<string>> {
    const files = await readdir(this.#own).catch(() => [])
    return files.flatMap((file) => /^(\d+)\.json$/.exec(file)?.[1] ?? []).sort()
  }

  /** The number after those of all shards. */
  async firstFree(): Promise<number> {
    return (await this.names()).reduce((next, name) => Math.max(next, Number(name) + 1), 0)
  }

  /** Shards of a machine's share that are there and are none of these. */
  async others(
    names: ReadonlyArray<string>,
    { part, of }: DownloadOptions["split"],
  ): Promise<ReadonlyArray<string>> {
    const own = new Set(names)
    return (await this.names()).filter((name) => !own.has(name) && Number(name) % of === part)
  }

  /** Lets go of the shards that have been replaced. */
  async forgetRetired(): Promise<void> {
    await rm(this.retired, { recursive: true, force: true })
  }

  async #retire(name: string, files: ReadonlyArray<string>): Promise<void> {
    const old = new ShardLedger(this.retired, this.#part)
    const isWhole = (await this.finished(name)) !== undefined
    if (isWhole) await mkdir(old.#own, { recursive: true })
    // From here on it is not whole in its place any more, and only then there.
    if (isWhole) await rename(this.#rows(name), old.#rows(name)).catch(() => {})
    const record = await readFile(this.#record(name)).catch(() => undefined)
    await rm(this.#record(name), { force: true })
    for (const file of files) {
      await rm(join(this.retired, file), { recursive: true, force: true })
      if (isWhole) await rename(join(this.folder, file), join(this.retired, file)).catch(() => {})
      else await rm(join(this.folder, file), { recursive: true, force: true })
    }
    if (isWhole && record !== undefined) await writeFlushed(old.#record(name), record)
  }

  /** What is kept of a shard beside it, by paths from the folder. */
  recordFiles(name: string): ReadonlyArray<string> {
    return [join(FOLDER, `${name}.json`), join(FOLDER, `${name}.rows`)]
  }

  /** The record of a list that is done as a whole. */
  async finishedList(): Promise<FinishedList | undefined> {
    const text = await readFile(this.#list, "utf8").catch(() => undefined)
    return Option.getOrUndefined(decodeList(text))
  }

  async finishList(list: FinishedList): Promise<void> {
    await this.#put(this.#list, list)
  }

  async #put(file: string, value: FinishedShard | FinishedList): Promise<void> {
    const draft = `${file}.draft`
    await writeFlushed(draft, JSON.stringify(value))
    await rename(draft, file)
  }

  get #list(): string {
    return join(this.#own, `list-${this.#part}`)
  }

  #record(name: string): string {
    return join(this.#own, `${name}.json`)
  }

  #rows(name: string): string {
    return join(this.#own, `${name}.rows`)
  }
}

/** The digest of a shard's rows. */
export const digestOf = (rows: Buffer): string => createHash("sha256").update(rows).digest("hex")

const writeFlushed = async (file: string, content: string | Uint8Array): Promise<void> => {
  const handle = await open(file, "w")
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Brings a file or folder onto the disk. @returns a file's size, null for a folder */
const flush = async (path: string): Promise<number | null> => {
  const handle = await open(path, "r")
  try {
    await handle.sync()
    const about = await handle.stat()
    return about.isDirectory() ? null : about.size
  } finally {
    await handle.close()
  }
}
