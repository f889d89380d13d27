import { type FileHandle, open } from "node:fs/promises"
import { pack } from "tar-stream"

const EPOCH = new Date(0)
const BLOCK = 512
const MODE = 0o644
/** Longer names, and those beyond ASCII, need more than one header. */
const PLAIN_NAME = /^[\x20-\x7e]{1,100}$/
/** Bytes that are collected before they are written. */
const PIECE = 1024 * 1024

/**
 * Writes a tar archive member by member. Its bytes depend on names and contents only: every member belongs to
 * root (0:0), has mode 0644 and the time 0.
 */
export class TarWriter {
  readonly #file: Promise<FileHandle>
  #waiting: Array<Uint8Array> = []
  #bytes = 0

  private constructor(file: string) {
    this.#file = open(file, "wx")
    // Reported by add() or close(); without this a failure in between would count as unhandled.
    this.#file.catch(() => {})
  }

  /** Begins the archive `file`, which must not exist. */
  static create(file: string): TarWriter {
    return new TarWriter(file)
  }

  /** Appends one file. The bytes must not change until the archive is closed. */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    if (PLAIN_NAME.test(name)) {
      this.#collect(headerOf(name, bytes.length))
      this.#collect(bytes)
      const rest = bytes.length % BLOCK
      if (rest > 0) this.#collect(Buffer.alloc(BLOCK - rest))
    } else for (const piece of await packed(name, bytes)) this.#collect(piece)
    if (this.#bytes >= PIECE) await this.#write()
  }

  /** Ends the archive; it is whole on disk when this resolves. */
  async close(): Promise<void> {
    this.#collect(Buffer.alloc(2 * BLOCK))
    try {
      await this.#write()
    } finally {
      await (await this.#file).close()
    }
  }

  #collect(piece: Uint8Array): void {
    this.#waiting.push(piece)
    this.#bytes += piece.length
  }

  async #write(): Promise<void> {
    const pieces = this.#waiting.filter(({ length }) => length > 0)
    const expected = this.#bytes
    this.#waiting = []
    this.#bytes = 0
    const { bytesWritten } = await (await this.#file).writev(pieces)
    // What is left over is a full disk's way to say so; the next attempt gives the reason.
    if (bytesWritten < expected)
      await (await this.#file).appendFile(Buffer.concat(pieces).subarray(bytesWritten))
  }
}

/** A header of the format "ustar". */
const headerOf = (name: string, size: number): Buffer => {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, "latin1")
  header.write(`${octal(MODE, 6)} \0${octal(0, 6)} \0${octal(0, 6)} \0`, 100, "latin1")
  header.write(`${octal(size, 11)} ${octal(0, 11)} `, 124, "latin1")
  header.write("        0", 148, "latin1")
  header.write("ustar\x0000", 257, "latin1")
  header.write(`${octal(0, 6)} \0${octal(0, 6)} \0`, 329, "latin1")
  let sum = 0
  for (const byte of header) sum += byte
  header.write(`${octal(sum, 6)} \0`, 148, "latin1")
  return header
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0")

/** A member with all the headers that its name needs, padded. */
const packed = async (name: string, bytes: Uint8Array): Promise<ReadonlyArray<Uint8Array>> => {
  const archive = pack()
  archive.entry({ name, size: bytes.length, mode: MODE, mtime: EPOCH, type: "file" }).end(bytes)
  archive.finalize()
  const pieces: Array<Uint8Array> = []
  for await (const piece of archive) if (piece instanceof Uint8Array) pieces.push(piece)
  const whole = Buffer.concat(pieces)
  // Without the end of that archive.
  return [whole.subarray(0, whole.length - 2 * BLOCK)]
}
