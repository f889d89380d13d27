import { basename, dirname, join } from "node:path"
import { ROW_DIGEST } from "./lists/index.ts"
import type { DownloadOptions } from "./options.ts"
import { RowIndex } from "./row-index.ts"
import { ShardLedger, type StoredSample, StoredShard } from "./shards/index.ts"

/** Shards that are kept open: rows that have moved mostly come from the same one or two. */
const OPEN = 4

/** Gets a sample of an earlier run; undefined when it is there no more. */
export type TakeEarlier = () => Promise<StoredSample | undefined>

/** Samples of earlier runs, found by their rows, wherever these stand in the list now. */
export class EarlierSamples {
  readonly #ledger: ShardLedger
  readonly #further: ReadonlyArray<string>
  readonly #shape: string
  readonly #options: DownloadOptions
  readonly #open = new Map<string, Promise<StoredShard | undefined>>()
  readonly #moving = new Map<string, Promise<void>>()
  readonly #moved = new Map<string, string | undefined>()
  #paths: ReadonlyArray<string> = []
  #index: Promise<RowIndex> | undefined

  /** @param further other folders with shards, which stay as they are */
  constructor(ledger: ShardLedger, shape: string, options: DownloadOptions, further: ReadonlyArray<string>) {
    this.#ledger = ledger
    this.#further = further
    this.#shape = shape
    this.#options = options
  }

  /**
   * For each row of a shard, how its sample is got; undefined where it must be downloaded.
   *
   * @param again whether URLs that failed are to be tried again
   */
  async find(digests: Buffer, again: boolean): Promise<ReadonlyArray<TakeEarlier | undefined>> {
    this.#index ??= this.#readIndex()
    const index = await this.#index
    const found: Array<TakeEarlier | undefined> = []
    for (let offset = 0; offset < digests.length; offset += ROW_DIGEST) {
      const place = index.find(digests, offset)
      const path = place === undefined ? undefined : this.#paths[place.shard]
      const stored = path === undefined ? undefined : await this.#shard(path)
      const isGood =
        place !== undefined &&
        stored !== undefined &&
        !stored.isLeftOut(place.row) &&
        !(again && stored.hasFailed(place.row))
      found.push(isGood && path !== undefined ? () => this.#take(path, place.row) : undefined)
    }
    return found
  }

  /** Lets `replace` put a shard in the place of an earlier one, which is retired. */
  async whileReplaced(name: string, replace: () => Promise<void>): Promise<void> {
    const [current, retired] = [join(this.#ledger.folder, name), join(this.#ledger.retired, name)]
    const moving = Promise.withResolvers<void>()
    this.#moving.set(current, moving.promise)
    this.#moving.set(retired, moving.promise)
    try {
      for (const path of [current, retired]) await this.#release(path)
      await replace()
      this.#moved.set(retired, undefined)
      if (!this.#moved.has(current)) this.#moved.set(current, retired)
    } finally {
      this.#moving.delete(current)
      this.#moving.delete(retired)
      moving.resolve()
    }
  }

  async close(): Promise<void> {
    for (const shard of this.#open.values()) await (await shard)?.close()
  }

  async #readIndex(): Promise<RowIndex> {
    const index = new RowIndex()
    const others = [this.#ledger.retired, ...this.#further]
    const paths: Array<string> = []
    for (const ledger of [this.#ledger, ...others.map((folder) => new ShardLedger(folder, 0))])
      for (const name of await ledger.names()) {
        const shard = await ledger.finished(name)
        const digests = await ledger.rowDigests(name)
        if (shard === undefined || shard.shape !== this.#shape || digests === undefined) continue
        index.add(paths.push(join(ledger.folder, name)) - 1, digests)
      }
    this.#paths = paths
    return index
  }

  async #take(path: string, row: number): Promise<StoredSample | undefined> {
    for (;;) {
      const shard = await this.#shard(path)
      // Closed to make room for another one in the meantime: it is opened again.
      if (shard === undefined || !shard.isClosed) return shard?.sample(row)
    }
  }

  async #shard(path: string): Promise<StoredShard | undefined> {
    for (;;) {
      const moving = this.#moving.get(path)
      if (moving === undefined) break
      await moving
    }
    const known = this.#open.get(path)
    if (known !== undefined) return known
    const place = this.#moved.has(path) ? this.#moved.get(path) : path
    if (place === undefined) return undefined
    const opened = StoredShard.open(dirname(place), basename(place), this.#options)
    this.#open.set(path, opened)
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= OPEN) break
      await this.#release(oldest)
    }
    return opened
  }

  async #release(path: string): Promise<void> {
    const shard = this.#open.get(path)
    this.#open.delete(path)
    await (await shard)?.close()
  }
}
