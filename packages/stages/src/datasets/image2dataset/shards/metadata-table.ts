import { join } from "node:path"
import type { SchemaElement } from "hyparquet"
import type { ColumnSource, ParquetWriter } from "hyparquet-writer"
import { type Cell, type ColumnType, castCell } from "../lists/columns.ts"
import type { DoneSample } from "./done-sample.ts"
import type { MetadataColumn } from "./metadata.ts"
import type { ShardParts } from "./shard-writer.ts"

/** Rows of a row group, and bytes of images at which one ends earlier. */
const GROUP_ROWS = 1000
const GROUP_BYTES = 32 * 1024 * 1024

/** `NAME.parquet`: a row for every URL, and the images as well in the parquet format. */
export class MetadataTable {
  readonly file: string
  readonly #path: string
  readonly #columns: ReadonlyArray<MetadataColumn>
  readonly #imageColumn: string | undefined
  #cells: ReadonlyArray<Array<Cell>>
  #images: Array<Uint8Array | null> = []
  #bytes = 0
  #writer: Promise<ParquetWriter> | undefined

  constructor({ folder, name, columns }: ShardParts, imageColumn: string | undefined) {
    this.file = `${name}.parquet`
    this.#path = join(folder, this.file)
    this.#columns = columns
    this.#imageColumn = imageColumn
    this.#cells = columns.map(() => [])
  }

  async add({ record, image }: DoneSample): Promise<void> {
    for (const [index, column] of this.#columns.entries())
      this.#cells[index]?.push(castCell(column.value(record), column.type))
    if (this.#imageColumn !== undefined) {
      this.#images.push(image ?? null)
      this.#bytes += image?.length ?? 0
    }
    if ((this.#cells[0]?.length ?? 0) >= GROUP_ROWS || this.#bytes >= GROUP_BYTES) await this.#flush()
  }

  async close(): Promise<void> {
    await this.#flush()
    await (await this.#writer)?.finish()
  }

  async #flush(): Promise<void> {
    if (this.#cells[0]?.length === 0 && this.#writer !== undefined) return
    const columnData: Array<ColumnSource> = this.#columns.map(({ name }, index) => ({
      name,
      data: this.#cells[index] ?? [],
    }))
    // Images are packed already, and no two are meant to be alike.
    const asTheyAre = { encoding: "PLAIN", codec: "UNCOMPRESSED", statistics: false } as const
    if (this.#imageColumn !== undefined)
      columnData.push({ name: this.#imageColumn, data: this.#images, ...asTheyAre })
    this.#writer ??= this.#open()
    await (await this.#writer).write({ columnData })
    this.#cells = this.#columns.map(() => [])
    this.#images = []
    this.#bytes = 0
  }

  async #open(): Promise<ParquetWriter> {
    const { fileWriter, ParquetWriter } = await import("hyparquet-writer")
    return new ParquetWriter({
      writer: fileWriter(this.#path),
      schema: this.#schema(),
      createdBy: "diva-pipeline",
    })
  }

  #schema(): Array<SchemaElement> {
    const image: ReadonlyArray<SchemaElement> =
      this.#imageColumn === undefined
        ? []
        : [{ name: this.#imageColumn, type: "BYTE_ARRAY", repetition_type: "OPTIONAL" }]
    const columns = [...this.#columns.flatMap(({ name, type }) => elementsOf(name, type)), ...image]
    const root = { name: "root", num_children: this.#columns.length + image.length }
    return [root, ...columns]
  }
}

/** A column as Parquet's schema has it: lists in three levels, records with their fields below them. */
const elementsOf = (name: string, type: ColumnType): ReadonlyArray<SchemaElement> => {
  if (typeof type !== "string" && "fields" in type)
    return [
      { name, repetition_type: "OPTIONAL", num_children: type.fields.length },
      ...type.fields.flatMap(([field, inner]) => elementsOf(field, inner)),
    ]
  if (typeof type !== "string")
    return [
      { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      ...elementsOf("element", type.list),
    ]
  return [
    type === "STRING"
      ? { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }
      : { name, type, repetition_type: "OPTIONAL" },
  ]
}
