import { type FileHandle, open } from "node:fs/promises"

/** Bytes that are kept in memory. */
const MEMORY = 32 * 1024 * 1024

/**
 * Keeps images that are done before those in front of them, in memory as far as it reaches and else in a file, so that
 * one slow server holds nothing up.
 */
export class Parking {
  readonly #path: string
  #file: Promise<FileHandle> | undefined
  #inMemory = 0
  #inFile = 0
  #end = 0

  /** @param path a file that may be made, and is of no use afterwards */
  constructor(path: string) {
    this.#path = path
  }

  /** Keeps some bytes. @returns what gives them back, once */
  async keep(bytes: Uint8Array): Promise<() => Promise<Uint8Array>> {
    if (this.#inMemory + bytes.length <= MEMORY) {
      this.#inMemory += bytes.length
      return async () => {
        this.#inMemory -= bytes.length
        return bytes
      }
    }
    this.#file ??= open(this.#path, "w+")
    const place = this.#end
    this.#end += bytes.length
    this.#inFile += 1
    const { length } = bytes
    await (await this.#file).write(bytes, 0, length, place)
    return () => this.#take(place, length)
  }

  async close(): Promise<void> {
    await (await this.#file)?.close()
  }

  async #take(place: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    const file = await this.#file
    await file?.read(bytes, 0, length, place)
    this.#inFile -= 1
    // When nobody has anything in it, it begins anew.
    if (this.#inFile === 0) this.#end = 0
    return bytes
  }
}
