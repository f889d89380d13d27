import { createWriteStream } from "node:fs"
import { pipeline } from "node:stream/promises"
import { type Pack, pack } from "tar-stream"

const EPOCH = new Date(0)

/**
 * Writes a tar archive member by member. Its bytes depend on names and contents only: every member belongs to
 * root (0:0), has mode 0644 and the time 0.
 */
export class TarWriter {
  readonly #pack: Pack
  readonly #written: Promise<void>

  private constructor(file: string) {
    this.#pack = pack()
    this.#written = pipeline(this.#pack, createWriteStream(file, { flags: "wx" }))
    // Reported by add() or close(); without this a failure in between would count as unhandled.
    this.#written.catch(() => {})
  }

  /** Begins the archive `file`, which must not exist. */
  static create(file: string): TarWriter {
    return new TarWriter(file)
  }

  /** Appends one file. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    const accepted = new Promise<void>((resolve, reject) => {
      const header = { name, size: bytes.length, mode: 0o644, mtime: EPOCH, type: "file" as const }
      this.#pack.entry(header, (cause) => (cause ? reject(cause) : resolve())).end(bytes)
    })
    try {
      await accepted
    } catch (cause) {
      // When the disk failed, that is the reason; the archive only knows that it was given up.
      await this.#written
      throw cause
    }
  }

  /** Ends the archive; it is whole on disk when this resolves. */
  async close(): Promise<void> {
    this.#pack.finalize()
    await this.#written
  }
}
