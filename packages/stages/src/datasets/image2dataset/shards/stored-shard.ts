import { type FileHandle, open, readFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import type { DownloadOptions } from "../options.ts"
import { DUPLICATE_IMAGE } from "../unique-images.ts"
import type { SampleRecord } from "./metadata.ts"

/** What a finished shard's table holds of a row, beside what the list has. */
const StoredRow = Schema.Struct({
  key: Schema.String,
  url: Schema.String,
  status: Schema.Literals(["success", "failed_to_download", "failed_to_resize"]),
  error_message: Schema.NullOr(Schema.String),
  width: Schema.NullOr(Schema.Number),
  height: Schema.NullOr(Schema.Number),
  original_width: Schema.NullOr(Schema.Number),
  original_height: Schema.NullOr(Schema.Number),
  exif: Schema.optional(Schema.NullOr(Schema.String)),
  md5: Schema.optional(Schema.NullOr(Schema.String)),
  sha256: Schema.optional(Schema.NullOr(Schema.String)),
  sha512: Schema.optional(Schema.NullOr(Schema.String)),
})
const decodeRows = Schema.decodeUnknownSync(Schema.Array(StoredRow))

/** What a row of a finished shard says, and its image. */
export interface StoredSample {
  readonly about: Pick<
    SampleRecord,
    "status" | "errorMessage" | "width" | "height" | "originalWidth" | "originalHeight" | "exif" | "hash"
  >
  readonly image: Uint8Array | undefined
}

/** A finished shard, of which samples are taken again. */
export class StoredShard {
  readonly #rows: ReadonlyArray<typeof StoredRow.Type>
  readonly #images: StoredImages
  readonly #options: DownloadOptions
  readonly #reading = new Set<Promise<unknown>>()
  #isClosed = false

  private constructor(
    rows: ReadonlyArray<typeof StoredRow.Type>,
    images: StoredImages,
    options: DownloadOptions,
  ) {
    this.#rows = rows
    this.#images = images
    this.#options = options
  }

  /** Undefined for formats whose images cannot be taken again. */
  static async open(
    folder: string,
    name: string,
    options: DownloadOptions,
  ): Promise<StoredShard | undefined> {
    const { outputFormat, encodeFormat } = options
    if (outputFormat === "dummy") return undefined
    const { asyncBufferFromFile, parquetReadObjects } = await import("hyparquet")
    const file = await asyncBufferFromFile(join(folder, `${name}.parquet`))
    const isInTable = outputFormat === "parquet"
    const rows = await parquetReadObjects({ file, utf8: false })
    const images: StoredImages = isInTable
      ? { get: async (_, row) => bytesOf(rows[row]?.[encodeFormat]), close: async () => {} }
      : outputFormat === "files"
        ? { get: (key) => readFile(join(folder, name, `${key}.${encodeFormat}`)), close: async () => {} }
        : outputFormat === "webdataset"
          ? await TarImages.open(join(folder, `${name}.tar`), encodeFormat)
          : await RecordImages.open(join(folder, `${name}.tfrecord`), rows, encodeFormat)
    return new StoredShard(decodeRows(rows), images, options)
  }

  /** Whether the bytes of a row did not come. */
  hasFailed(row: number): boolean {
    return this.#rows[row]?.status === "failed_to_download"
  }

  /** Whether an image came that was left out for another one, which the list may have no more. */
  isLeftOut(row: number): boolean {
    return this.#rows[row]?.error_message === DUPLICATE_IMAGE
  }

  /** The hashes of the images. */
  hashes(): ReadonlyArray<string> {
    const { computeHash } = this.#options
    if (computeHash === "none") return []
    return this.#rows.flatMap((row) => (row.status === "success" ? (row[computeHash] ?? []) : []))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A row's sample; it must not be closed. */
  sample(row: number): Promise<StoredSample | undefined> {
    const reading = this.#sample(row)
    this.#reading.add(reading)
    return reading.finally(() => this.#reading.delete(reading))
  }

  async #sample(row: number): Promise<StoredSample | undefined> {
    const stored = this.#rows[row]
    if (stored === undefined) return undefined
    const { computeHash } = this.#options
    return {
      about: {
        status: stored.status,
        errorMessage: stored.error_message,
        width: stored.width,
        height: stored.height,
        originalWidth: stored.original_width,
        originalHeight: stored.original_height,
        exif: stored.exif ?? null,
        hash: computeHash === "none" ? null : (stored[computeHash] ?? null),
      },
      image: stored.status === "success" ? await this.#images.get(stored.key, row) : undefined,
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.allSettled(this.#reading)
    await this.#images.close()
  }
}

interface StoredImages {
  readonly get: (key: string, row: number) => Promise<Uint8Array | undefined>
  readonly close: () => Promise<void>
}

const bytesOf = (value: unknown): Uint8Array | undefined => (value instanceof Uint8Array ? value : undefined)

interface Place {
  readonly start: number
  readonly length: number
}

const readPlace = async (file: FileHandle, { start, length }: Place): Promise<Uint8Array> => {
  const bytes = new Uint8Array(length)
  await file.read(bytes, 0, length, start)
  return bytes
}

/** The images of a tar archive that we have written ourselves: plain members with short names. */
class TarImages implements StoredImages {
  readonly #file: FileHandle
  readonly #places: ReadonlyMap<string, Place>

  private constructor(file: FileHandle, places: ReadonlyMap<string, Place>) {
    this.#file = file
    this.#places = places
  }

  static async open(path: string, extension: string): Promise<TarImages> {
    const file = await open(path)
    const places = new Map<string, Place>()
    const suffix = `.${extension}`
    for (let at = 0; ; ) {
      const header = Buffer.from(await readPlace(file, { start: at, length: 512 }))
      const name = header.toString("latin1", 0, 100).replace(/\0.*$/, "")
      if (name === "") break
      const length = Number.parseInt(header.toString("latin1", 124, 136), 8)
      if (name.endsWith(suffix)) places.set(name.slice(0, -suffix.length), { start: at + 512, length })
      at += 512 + Math.ceil(length / 512) * 512
    }
    return new TarImages(file, places)
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const place = this.#places.get(key)
    return place === undefined ? undefined : readPlace(this.#file, place)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** The images of a TFRecord file: a record for each row with an image, in their order. */
class RecordImages implements StoredImages {
  readonly #file: FileHandle
  readonly #places: ReadonlyMap<number, Place>

  private constructor(file: FileHandle, places: ReadonlyMap<number, Place>) {
    this.#file = file
    this.#places = places
  }

  static async open(
    path: string,
    rows: ReadonlyArray<Record<string, unknown>>,
    extension: string,
  ): Promise<RecordImages> {
    const file = await open(path)
    const places = new Map<number, Place>()
    let at = 0
    for (const [row, { status }] of rows.entries()) {
      if (status !== "success") continue
      const head = Buffer.from(await readPlace(file, { start: at, length: 64 }))
      const length = Number(head.readBigUInt64LE())
      places.set(row, imageIn(head, at, extension))
      at += 12 + length + 4
    }
    return new RecordImages(file, places)
  }

  async get(_: string, row: number): Promise<Uint8Array | undefined> {
    const place = this.#places.get(row)
    return place === undefined ? undefined : readPlace(this.#file, place)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Where the image is in a record that begins with it, as ours do. */
const imageIn = (head: Buffer, start: number, extension: string): Place => {
  let at = 12
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = head[at++] ?? 0
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }
  /** Enters the field that begins here. @returns its length */
  const enter = (): number => {
    at += 1
    return varint()
  }
  // Example.features, its first entry, and the entry's name, which is passed over.
  enter()
  enter()
  const name = enter()
  if (head.toString("latin1", at, at + name) !== extension)
    throw new Error("the TFRecord file is not one of ours")
  at += name
  // The entry's value, its list of bytes, and their first.
  enter()
  enter()
  const length = enter()
  return { start: start + at, length }
}
