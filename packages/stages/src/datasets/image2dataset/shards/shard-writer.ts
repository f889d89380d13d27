import type { DownloadOptions } from "../options.ts"
import type { DoneSample } from "./done-sample.ts"
import { FilesShard } from "./files-shard.ts"
import type { MetadataColumn } from "./metadata.ts"
import { MetadataTable } from "./metadata-table.ts"
import { TfrecordShard } from "./tfrecord-shard.ts"
import { WebdatasetShard } from "./webdataset-shard.ts"

/** Where the images of one shard go. The bytes depend on the samples and their order only. */
export interface ImageStore {
  /** The files, or the folder, that it makes. */
  readonly files: ReadonlyArray<string>
  readonly add: (sample: DoneSample, image: Uint8Array) => Promise<void>
  /** Ends the shard: its files are whole when this resolves. */
  readonly close: () => Promise<void>
}

const inTable: ImageStore = { files: [], add: async () => {}, close: async () => {} }

/** Writes one shard in the format that is asked for, and a row for every URL into its table. */
export class ShardWriter {
  readonly #images: ImageStore
  readonly #table: MetadataTable | undefined
  readonly files: ReadonlyArray<string>

  /** Begins the shard `name` in `folder`, where none of its files may exist. */
  constructor(
    folder: string,
    name: string,
    options: DownloadOptions,
    columns: ReadonlyArray<MetadataColumn>,
  ) {
    const { outputFormat, encodeFormat } = options
    const shard = { folder, name, extension: encodeFormat, columns }
    this.#images =
      outputFormat === "webdataset"
        ? new WebdatasetShard(shard)
        : outputFormat === "files"
          ? new FilesShard(shard)
          : outputFormat === "tfrecord"
            ? new TfrecordShard(shard)
            : inTable
    if (outputFormat !== "dummy")
      this.#table = new MetadataTable(shard, outputFormat === "parquet" ? encodeFormat : undefined)
    this.files = [...this.#images.files, ...(this.#table === undefined ? [] : [this.#table.file])]
  }

  async add(sample: DoneSample): Promise<void> {
    await this.#table?.add(sample)
    if (sample.image !== undefined) await this.#images.add(sample, sample.image)
  }

  async close(): Promise<void> {
    await this.#images.close()
    await this.#table?.close()
  }
}

/** What every kind of shard is made from. */
export interface ShardParts {
  readonly folder: string
  readonly name: string
  /** The images' format, which is their extension and the name of their column. */
  readonly extension: string
  readonly columns: ReadonlyArray<MetadataColumn>
}

/** Whether samples have captions. */
export const hasCaptions = (columns: ReadonlyArray<MetadataColumn>): boolean =>
  columns.some(({ name }) => name === "caption")
