import { open, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { ColumnSource } from "hyparquet-writer"
import { TarWriter } from "../../formats/index.ts"
import { type Cell, castCell } from "./columns.ts"
import { type MetadataColumn, type SampleRecord, sampleJson } from "./metadata.ts"
import { type Statistics, StatisticsCounter, statsJson } from "./statistics.ts"

/** One URL, done: what is known of it, and its image when there is one. */
export interface DoneSample {
  readonly record: SampleRecord
  readonly image: Uint8Array | undefined
  /** Whether there was no connection to its server at all. */
  readonly isUnreachable: boolean
}

/** What a shard's files are called. */
export const shardFiles = (name: string): ReadonlyArray<string> => [
  `${name}.tar`,
  `${name}.parquet`,
  `${name}_stats.json`,
]

/**
 * Writes one shard: images, metadata and captions into `NAME.tar`, a row for every URL into `NAME.parquet`, the counts
 * into `NAME_stats.json`. The bytes depend on the samples and their order only.
 */
export class ShardWriter {
  readonly #folder: string
  readonly #name: string
  readonly #extension: string
  readonly #columns: ReadonlyArray<MetadataColumn>
  readonly #cells: ReadonlyArray<Array<Cell>>
  readonly #archive: TarWriter
  readonly #counter = new StatisticsCounter()

  /** Begins the shard `name` in `folder`, where none of its files may exist. */
  constructor(folder: string, name: string, extension: string, columns: ReadonlyArray<MetadataColumn>) {
    this.#folder = folder
    this.#name = name
    this.#extension = extension
    this.#columns = columns
    this.#cells = columns.map(() => [])
    this.#archive = TarWriter.create(join(folder, `${name}.tar`))
  }

  /** Appends a sample. */
  async add({ record, image, isUnreachable }: DoneSample): Promise<void> {
    this.#counter.add(record, isUnreachable)
    for (const [index, column] of this.#columns.entries())
      this.#cells[index]?.push(castCell(column.value(record), column.type))
    if (image === undefined) return
    await this.#archive.add(`${record.key}.${this.#extension}`, image)
    await this.#archive.add(`${record.key}.json`, Buffer.from(sampleJson(this.#columns, record)))
    if (this.#columns.some(({ name }) => name === "caption"))
      await this.#archive.add(`${record.key}.txt`, Buffer.from(record.caption ?? ""))
  }

  /** Ends the shard: its files are whole and on the disk when this resolves. */
  async close(): Promise<Statistics> {
    await this.#archive.close()
    const { statistics } = this.#counter
    await writeFile(join(this.#folder, `${this.#name}.parquet`), await this.#parquet())
    await writeFile(join(this.#folder, `${this.#name}_stats.json`), statsJson(statistics))
    for (const file of shardFiles(this.#name)) await flush(join(this.#folder, file))
    return statistics
  }

  /** Ends the archive without completing the shard. */
  async abandon(): Promise<void> {
    await this.#archive.close()
  }

  async #parquet(): Promise<Uint8Array> {
    const { parquetWriteBuffer } = await import("hyparquet-writer")
    const columnData = this.#columns.map(
      ({ name, type }, index): ColumnSource => ({
        name,
        type,
        data: this.#cells[index] ?? [],
        nullable: true,
      }),
    )
    return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "diva-pipeline" }))
  }
}

const flush = async (file: string): Promise<void> => {
  const handle = await open(file, "r+")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
