import { createHash, type Hash } from "node:crypto"
import { createReadStream } from "node:fs"
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { Option, Schema } from "effect"

/** What is known of a partial download: from where it came, and how the server names that version. */
const Origin = Schema.Struct({ url: Schema.String, validator: Schema.String })
type Origin = typeof Origin.Type
const decodeOrigin = Schema.decodeUnknownOption(Schema.fromJsonString(Origin))

/** A file in the making, which survives kills: what has come (`.partial`) and from where (`.origin`). */
export class PartialFile {
  /** Where the file is when it is whole. */
  readonly file: string

  constructor(file: string) {
    this.file = file
  }

  get #partial(): string {
    return `${this.file}.partial`
  }

  get #origin(): string {
    return `${this.file}.origin`
  }

  /** How many bytes are here of the version of `url` that `validator` names; undefined when there are none. */
  async progress(url: string): Promise<{ readonly bytes: number; readonly validator: string } | undefined> {
    const origin = decodeOrigin(await readFile(this.#origin, "utf8").catch(() => undefined))
    const found = await stat(this.#partial).catch(() => undefined)
    if (Option.isNone(origin) || origin.value.url !== url || found === undefined || found.size === 0)
      return undefined
    return { bytes: found.size, validator: origin.value.validator }
  }

  /** Opens it to continue after what is here, of which the digest is made first. */
  async continue(): Promise<{ readonly handle: FileHandle; readonly hash: Hash }> {
    const hash = createHash("sha256")
    for await (const piece of createReadStream(this.#partial)) hash.update(piece)
    return { handle: await open(this.#partial, "a"), hash }
  }

  /** Opens it to begin anew. */
  async begin(origin: Origin | undefined): Promise<{ readonly handle: FileHandle; readonly hash: Hash }> {
    await this.discard()
    await mkdir(dirname(this.file), { recursive: true })
    if (origin !== undefined) await writeFile(this.#origin, JSON.stringify(origin))
    return { handle: await open(this.#partial, "w"), hash: createHash("sha256") }
  }

  /** Declares it whole. */
  async finish(): Promise<void> {
    await rename(this.#partial, this.file)
    await rm(this.#origin, { force: true })
  }

  /** Throws away what is here. */
  async discard(): Promise<void> {
    await rm(this.#origin, { force: true })
    await rm(this.#partial, { force: true })
  }
}
