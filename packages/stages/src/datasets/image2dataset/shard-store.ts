import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Option, Schema } from "effect"
import { shardFiles } from "./shard.ts"
import { Statistics } from "./statistics.ts"

/** What is kept about a finished shard until the whole run is done. */
const FinishedShard = Schema.Struct({
  sizes: Schema.Record(Schema.String, Schema.Number),
  statistics: Statistics,
})
const decodeFinished = Schema.decodeUnknownOption(Schema.fromJsonString(FinishedShard))

/** The file that says for which list and options the folder holds shards. */
const RUN = "run.txt"

/**
 * The finished shards of a run that may be killed at any time. A shard counts when its mark is there, which is put there
 * last and in one step.
 */
export class ShardStore {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /**
   * Opens the store in `folder`.
   *
   * @param run what the shards depend on; shards of another run are thrown away
   */
  static async open(folder: string, run: string): Promise<ShardStore> {
    const known = await readFile(join(folder, RUN), "utf8").catch(() => undefined)
    const store = new ShardStore(folder)
    if (known !== run) {
      await store.clear()
      await writeFile(join(folder, RUN), run)
    }
    return store
  }

  /** Throws everything away. */
  async clear(): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    for (const name of await readdir(this.folder)) await rm(join(this.folder, name), { recursive: true })
  }

  /** The statistics of a finished shard; undefined when it isn't finished, and then none of its files is left. */
  async finished(name: string): Promise<Statistics | undefined> {
    const mark = await readFile(this.#mark(name), "utf8").catch(() => undefined)
    const shard = Option.getOrUndefined(decodeFinished(mark))
    if (shard !== undefined && (await this.#hasFiles(shard.sizes))) return shard.statistics
    for (const file of [...shardFiles(name), `${name}.done`])
      await rm(join(this.folder, file), { force: true })
    return undefined
  }

  /** Marks a shard as finished. */
  async finish(name: string, statistics: Statistics): Promise<void> {
    const sizes: Record<string, number> = {}
    for (const file of shardFiles(name)) sizes[file] = (await stat(join(this.folder, file))).size
    const draft = join(this.folder, `${name}.draft`)
    await writeFile(draft, JSON.stringify({ sizes, statistics } satisfies typeof FinishedShard.Type))
    await rename(draft, this.#mark(name))
  }

  /** Places a shard's files into `folder` as well: they stay here, for the run may still be killed. */
  async place(name: string, folder: string): Promise<void> {
    for (const file of shardFiles(name)) {
      const from = join(this.folder, file)
      const to = join(folder, file)
      await link(from, to).catch(() => copyFile(from, to))
    }
  }

  #mark(name: string): string {
    return join(this.folder, `${name}.done`)
  }

  async #hasFiles(sizes: Readonly<Record<string, number>>): Promise<boolean> {
    for (const [file, size] of Object.entries(sizes)) {
      const found = await stat(join(this.folder, file)).catch(() => undefined)
      if (found?.size !== size) return false
    }
    return true
  }
}
