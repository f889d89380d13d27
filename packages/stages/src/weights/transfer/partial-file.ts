import { createHash } from "node:crypto"
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { Option, Schema } from "effect"
import { addRange, type ByteRange, bytesOf, missingOf } from "./ranges.ts"

/** What is on the disk of a file in the making. */
const Parts = Schema.Struct({
  /** Bytes of the whole file, once a server has told them. */
  size: Schema.NullOr(Schema.Int),
  /** How each source names the version that its parts are of: its ETag, or the time of its last change. */
  validators: Schema.Record(Schema.String, Schema.String),
  /** Which bytes are here, sorted. */
  done: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])),
})
type Parts = typeof Parts.Type
const decodeParts = Schema.decodeUnknownOption(Schema.fromJsonString(Parts))

const NOTHING: Parts = { size: null, validators: {}, done: [] }

/** Bytes that may be written before the record says so: what a kill costs at most. */
const UNRECORDED = 8 << 20

/**
 * A file in the making, out of parts in any order, which survives kills: the bytes (`.partial`), and which of them are
 * there (`.parts`). The record is replaced in one step, and says less than is there rather than more.
 *
 * Parts of several sources go together, for the whole is known by its digest.
 */
export class PartialFile {
  /** Where the file is when it is whole. */
  readonly file: string
  readonly #handle: FileHandle
  #parts: Parts
  #unrecorded = 0
  /** Counts how often all was forgotten. */
  #beginnings = 0
  #saving: Promise<void> = Promise.resolve()

  private constructor(file: string, handle: FileHandle, parts: Parts) {
    this.file = file
    this.#handle = handle
    this.#parts = parts
  }

  /** Opens what is there of a file, or begins it. */
  static async open(file: string): Promise<PartialFile> {
    await mkdir(dirname(file), { recursive: true })
    const found = await stat(`${file}.partial`).catch(() => undefined)
    const parts = Option.getOrUndefined(
      decodeParts(await readFile(`${file}.parts`, "utf8").catch(() => undefined)),
    )
    const isSound = found !== undefined && parts !== undefined && isPossible(parts, found.size)
    const handle = await open(`${file}.partial`, isSound ? "r+" : "w+")
    return new PartialFile(file, handle, isSound ? parts : NOTHING)
  }

  /** Bytes of the whole, where they are known. */
  get size(): number | undefined {
    return this.#parts.size ?? undefined
  }

  /** Bytes that are here. */
  get bytes(): number {
    return bytesOf(this.#parts.done)
  }

  /** How the source named the version that we have parts of. */
  validator(source: string): string | undefined {
    return this.#parts.validators[keyOf(source)]
  }

  /** What is still to come of a part. */
  missing(range: ByteRange): ReadonlyArray<ByteRange> {
    return missingOf(this.#parts.done, range)
  }

  /** Notes what a source says of the whole. */
  describe(source: string, size: number | undefined, validator: string | undefined): void {
    this.#parts = {
      ...this.#parts,
      size: size ?? this.#parts.size,
      validators: {
        ...this.#parts.validators,
        ...(validator !== undefined && { [keyOf(source)]: validator }),
      },
    }
  }

  /**
   * Writes what one response brings. Once all is forgotten, what it still brings is of no use: it fails, and leaves no
   * trace in the record.
   */
  writer(): (bytes: Uint8Array, position: number) => Promise<void> {
    const beginning = this.#beginnings
    return async (bytes, position) => {
      if (beginning !== this.#beginnings) throw new Error("the download has begun anew")
      for (let written = 0; written < bytes.length; ) {
        const step = await this.#handle.write(bytes, written, bytes.length - written, position + written)
        written += step.bytesWritten
      }
      if (beginning === this.#beginnings) await this.#note([position, position + bytes.length])
    }
  }

  async #note(range: ByteRange): Promise<void> {
    this.#parts = { ...this.#parts, done: addRange(this.#parts.done, range) }
    this.#unrecorded += range[1] - range[0]
    if (this.#unrecorded >= UNRECORDED) await this.save()
  }

  /** Records what is here. A power cut may take bytes that it speaks of: then the digest of the whole tells. */
  save(): Promise<void> {
    this.#unrecorded = 0
    const next = this.#saving.then(() => this.#record())
    this.#saving = next.catch(() => {})
    return next
  }

  async #record(): Promise<void> {
    const text = JSON.stringify(this.#parts)
    await writeFile(`${this.file}.parts.new`, text)
    await rename(`${this.file}.parts.new`, `${this.file}.parts`)
  }

  /** Forgets all that is here. */
  async reset(): Promise<void> {
    this.#beginnings++
    this.#parts = NOTHING
    await this.#saving
    await rm(`${this.file}.parts`, { force: true })
    await this.#handle.truncate(0)
  }

  /** Declares it whole. */
  async finish(): Promise<void> {
    await this.#saving
    await rename(`${this.file}.partial`, this.file)
    await rm(`${this.file}.parts`, { force: true })
  }

  /** Takes it off the disk. */
  async discard(): Promise<void> {
    await this.reset()
    await rm(`${this.file}.partial`, { force: true })
  }

  async close(): Promise<void> {
    await this.#saving
    await this.#handle.close()
  }
}

/** An address may hold what lets its holder in, and the record lies on the disk. */
const keyOf = (source: string): string => createHash("sha256").update(source).digest("hex").slice(0, 16)

/** A record is only as good as the bytes that it speaks of. */
const isPossible = ({ done, size }: Parts, bytes: number): boolean => {
  const sorted = done.reduce<ReadonlyArray<ByteRange>>(addRange, [])
  const end = sorted.at(-1)?.[1] ?? 0
  return (
    bytesOf(sorted) === bytesOf(done) && (sorted[0]?.[0] ?? 0) >= 0 && end <= Math.min(bytes, size ?? bytes)
  )
}
