import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { type Cell, type ColumnType, cellText, isList } from "../lists/columns.ts"
import { maskedChecksum } from "./crc32c.ts"
import type { DoneSample } from "./done-sample.ts"
import { sampleFields } from "./metadata.ts"
import { hasCaptions, type ImageStore, type ShardParts } from "./shard-writer.ts"

/** `NAME.tfrecord`: a `tf.train.Example` for each sample. */
export class TfrecordShard implements ImageStore {
  readonly #parts: ShardParts
  readonly #hasCaptions: boolean
  readonly #file: Promise<FileHandle>
  readonly files: ReadonlyArray<string>

  constructor(parts: ShardParts) {
    this.#parts = parts
    this.#hasCaptions = hasCaptions(parts.columns)
    this.files = [`${parts.name}.tfrecord`]
    this.#file = open(join(parts.folder, `${parts.name}.tfrecord`), "wx")
    this.#file.catch(() => {})
  }

  async add({ record }: DoneSample, image: Uint8Array): Promise<void> {
    const { extension, columns } = this.#parts
    const features = new Map([[extension, bytesFeature(image)]])
    if (this.#hasCaptions) features.set("txt", bytesFeature(Buffer.from(record.caption ?? "")))
    for (const [name, value, type] of sampleFields(columns, record)) features.set(name, feature(value, type))
    const entries = Array.from(features, ([name, value]) =>
      message(1, [message(1, [Buffer.from(name)]), message(2, [value])]),
    )
    const example = message(1, entries)
    const head = Buffer.alloc(12)
    head.writeBigUInt64LE(BigInt(example.length))
    head.writeUInt32LE(maskedChecksum(head.subarray(0, 8)), 8)
    const tail = Buffer.alloc(4)
    tail.writeUInt32LE(maskedChecksum(example))
    await (await this.#file).writev([head, example, tail])
  }

  async close(): Promise<void> {
    await (await this.#file).close()
  }
}

/** A field of a protocol buffer that holds bytes. */
const message = (field: number, parts: ReadonlyArray<Uint8Array>): Buffer => {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([varint((field << 3) | 2), varint(length), ...parts])
}

const varint = (value: number | bigint): Buffer => {
  const bytes: Array<number> = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

const bytesFeature = (...values: ReadonlyArray<Uint8Array>): Buffer =>
  message(1, [...values.map((bytes) => message(1, [bytes]))])

/** As img2dataset chooses them: whole numbers and truth values as int64, decimals as float, all else as bytes. */
const feature = (value: Cell, type: ColumnType): Buffer => {
  const values = isList(value) ? value : [value]
  const each = typeof type === "object" && "list" in type ? type.list : type
  if (value === null || each === "STRING" || typeof each !== "string")
    return bytesFeature(...values.map((one) => Buffer.from(one === null ? "" : cellText(one))))
  if (each === "DOUBLE" || each === "FLOAT") return message(2, [message(1, values.map(float))])
  return message(3, [
    message(
      1,
      values.map((one) => varint(typeof one === "object" ? 0 : BigInt(one))),
    ),
  ])
}

const float = (value: Cell): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(Number(value))
  return bytes
}
