import { noNetwork } from "./failures.ts"
import type { MetadataColumn } from "./metadata.ts"
import { shardName } from "./metadata.ts"
import type { DownloadOptions } from "./options.ts"
import { type DoneSample, ShardWriter } from "./shard.ts"
import type { ShardStore } from "./shard-store.ts"
import { mergeStatistics, NO_STATISTICS, type Statistics } from "./statistics.ts"

/** A shard this large without a single connection means that the network is gone, not the images. */
const OUTAGE = 20

/**
 * Takes samples in the list's order and divides them into shards, beginning after those that an earlier attempt has
 * finished.
 */
export class ShardedOutput {
  readonly #store: ShardStore
  readonly #options: DownloadOptions
  readonly #columns: ReadonlyArray<MetadataColumn>
  readonly #finished: Array<string> = []
  #total = NO_STATISTICS
  #shard: { readonly writer: ShardWriter; readonly name: string; samples: number } | undefined

  private constructor(store: ShardStore, options: DownloadOptions, columns: ReadonlyArray<MetadataColumn>) {
    this.#store = store
    this.#options = options
    this.#columns = columns
  }

  /** Takes up what the store holds. */
  static async resume(
    store: ShardStore,
    options: DownloadOptions,
    columns: ReadonlyArray<MetadataColumn>,
  ): Promise<ShardedOutput> {
    const output = new ShardedOutput(store, options, columns)
    for (;;) {
      const name = shardName(output.#finished.length, options)
      const statistics = await store.finished(name)
      if (statistics === undefined) return output
      output.#count(name, statistics)
    }
  }

  /** What became of all URLs of the finished shards. */
  get statistics(): Statistics {
    return this.#total
  }

  /** The names of the finished shards, in order. */
  get finished(): ReadonlyArray<string> {
    return this.#finished
  }

  /** @throws StageFailure (transient) when a shard comes to its end without a single connection */
  async add(sample: DoneSample): Promise<void> {
    this.#shard ??= this.#begin()
    await this.#shard.writer.add(sample)
    this.#shard.samples += 1
    if (this.#shard.samples === this.#options.numberSamplePerShard) await this.close()
  }

  /**
   * Ends the last shard.
   *
   * @throws StageFailure (transient) when it came to its end without a single connection; it is not kept
   */
  async close(): Promise<void> {
    if (this.#shard === undefined) return
    const { writer, name, samples } = this.#shard
    this.#shard = undefined
    const statistics = await writer.close()
    if (samples >= OUTAGE && statistics.unreachable === samples) throw noNetwork(statistics)
    await this.#store.finish(name, statistics)
    this.#count(name, statistics)
  }

  /** Drops the shard that was begun. */
  async abandon(): Promise<void> {
    await this.#shard?.writer.abandon().catch(() => {})
    this.#shard = undefined
  }

  #begin() {
    const name = shardName(this.#finished.length, this.#options)
    const { encodeFormat } = this.#options
    return {
      writer: new ShardWriter(this.#store.folder, name, encodeFormat, this.#columns),
      name,
      samples: 0,
    }
  }

  #count(name: string, statistics: Statistics): void {
    this.#finished.push(name)
    this.#total = mergeStatistics(this.#total, statistics)
  }
}
