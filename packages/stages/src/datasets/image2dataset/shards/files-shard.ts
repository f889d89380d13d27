import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { DoneSample } from "./done-sample.ts"
import { sampleJson } from "./metadata.ts"
import { hasCaptions, type ImageStore, type ShardParts } from "./shard-writer.ts"

/** The folder `NAME` with `KEY.jpg`, `KEY.json` and `KEY.txt` for each sample. */
export class FilesShard implements ImageStore {
  readonly #parts: ShardParts
  readonly #folder: string
  readonly #hasCaptions: boolean
  readonly #made: Promise<unknown>
  readonly files: ReadonlyArray<string>

  constructor(parts: ShardParts) {
    this.#parts = parts
    this.#folder = join(parts.folder, parts.name)
    this.#hasCaptions = hasCaptions(parts.columns)
    this.files = [parts.name]
    this.#made = mkdir(this.#folder)
    this.#made.catch(() => {})
  }

  async add({ record }: DoneSample, image: Uint8Array): Promise<void> {
    await this.#made
    const { extension, columns } = this.#parts
    const path = join(this.#folder, record.key)
    await Promise.all([
      writeFile(`${path}.${extension}`, image),
      writeFile(`${path}.json`, sampleJson(columns, record)),
      ...(this.#hasCaptions ? [writeFile(`${path}.txt`, record.caption ?? "")] : []),
    ])
  }

  async close(): Promise<void> {
    await this.#made
  }
}
