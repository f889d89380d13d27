import { join } from "node:path"
import { TarWriter } from "../../../formats/index.ts"
import type { DoneSample } from "./done-sample.ts"
import { sampleJson } from "./metadata.ts"
import { hasCaptions, type ImageStore, type ShardParts } from "./shard-writer.ts"

/** `NAME.tar`: image, metadata and caption of each sample, one after the other. */
export class WebdatasetShard implements ImageStore {
  readonly #parts: ShardParts
  readonly #archive: TarWriter
  readonly #hasCaptions: boolean
  readonly files: ReadonlyArray<string>

  constructor(parts: ShardParts) {
    this.#parts = parts
    this.#hasCaptions = hasCaptions(parts.columns)
    this.files = [`${parts.name}.tar`]
    this.#archive = TarWriter.create(join(parts.folder, `${parts.name}.tar`))
  }

  async add({ record }: DoneSample, image: Uint8Array): Promise<void> {
    const { extension, columns } = this.#parts
    await this.#archive.add(`${record.key}.${extension}`, image)
    await this.#archive.add(`${record.key}.json`, Buffer.from(sampleJson(columns, record)))
    if (this.#hasCaptions) await this.#archive.add(`${record.key}.txt`, Buffer.from(record.caption ?? ""))
  }

  close(): Promise<void> {
    return this.#archive.close()
  }
}
