import { createHash } from "node:crypto"
import {
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises"
import { join } from "node:path"
import { type Static, Type } from "typebox"
import { Check } from "typebox/value"

const natural = Type.Integer({ minimum: 0 })

/** What is said first: what all the latents are of. */
const headSchema = Type.Object({ version: Type.Literal(1), recipe: Type.String() })

const blockSchema = Type.Object({
  images: natural,
  bytes: natural,
  sha256: Type.String(),
  /** [height, width, channels] of an image's latents. */
  shape: Type.Array(natural, { minItems: 3, maxItems: 3 }),
})

/** Latents of neighbouring images, as the journal tells of them. */
type Block = Static<typeof blockSchema>

const NUMBERS = "latents.f32"
const JOURNAL = "latents.jsonl"

/**
 * Latents that are being made: the numbers in one file, image by image, and a journal with the digest of each block. What
 * is in the journal is on the disk, so that a kill or a power cut loses nothing else.
 */
export class LatentFile {
  readonly #folder: string
  readonly #numbers: FileHandle
  readonly #journal: FileHandle
  #count: number
  #bytes: number
  #shape: ReadonlyArray<number> | undefined

  private constructor(
    folder: string,
    numbers: FileHandle,
    journal: FileHandle,
    blocks: ReadonlyArray<Block>,
  ) {
    this.#folder = folder
    this.#numbers = numbers
    this.#journal = journal
    this.#count = countOf(blocks)
    this.#bytes = bytesOf(blocks)
    this.#shape = blocks[0]?.shape
  }

  /**
   * Goes on with those blocks that a folder holds for the same recipe and whose content is what their digests say, up to
   * the first that is not.
   *
   * @param onUnusable told why others are made again
   */
  static async open(
    folder: string,
    recipe: string,
    onUnusable: (reason: string) => void,
  ): Promise<LatentFile> {
    await mkdir(folder, { recursive: true })
    const [file, journal] = [join(folder, NUMBERS), join(folder, JOURNAL)]
    const told = await blocksOf(journal, recipe)
    const sound = await soundBlocks(file, told)
    if (sound.length < told.length)
      onUnusable(`latents from image ${countOf(sound) + 1} on are damaged, and are made again`)
    const head: Static<typeof headSchema> = { version: 1, recipe }
    await writeFile(`${journal}.partial`, [head, ...sound].map(lineOf).join(""))
    await rename(`${journal}.partial`, journal)
    if (sound.length === 0) await rm(file, { force: true })
    else await ownFile(file)
    const numbers = await open(file, sound.length === 0 ? "w" : "r+")
    await numbers.truncate(bytesOf(sound))
    return new LatentFile(folder, numbers, await open(journal, "a"), sound)
  }

  /** Images whose latents are there. */
  get count(): number {
    return this.#count
  }

  /** [height, width, channels] of an image's latents; undefined as long as there are none. */
  get shape(): ReadonlyArray<number> | undefined {
    return this.#shape
  }

  /** Adds the latents of the next images. */
  async add(images: number, values: Float32Array, shape: ReadonlyArray<number>): Promise<void> {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    await writeAll(this.#numbers, content, this.#bytes)
    await this.#numbers.datasync()
    const block: Block = { images, bytes: content.length, sha256: digestOf(content), shape: [...shape] }
    await this.#journal.appendFile(lineOf(block))
    await this.#journal.datasync()
    this.#count += images
    this.#bytes += content.length
    this.#shape ??= block.shape
  }

  /** Gives the numbers out; they stay here too, until it is sure that they have arrived. */
  async give(to: string): Promise<void> {
    const from = join(this.#folder, NUMBERS)
    await link(from, to).catch(() => copyFile(from, to))
  }

  async close(): Promise<void> {
    await this.#numbers.close()
    await this.#journal.close()
  }
}

const countOf = (blocks: ReadonlyArray<Block>): number => blocks.reduce((sum, { images }) => sum + images, 0)

const bytesOf = (blocks: ReadonlyArray<Block>): number => blocks.reduce((sum, { bytes }) => sum + bytes, 0)

const lineOf = (content: object): string => `${JSON.stringify(content)}\n`

const digestOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** The blocks that a journal tells of; a line that a kill has cut off ends it. */
const blocksOf = async (journal: string, recipe: string): Promise<ReadonlyArray<Block>> => {
  const text = await readFile(journal, "utf8").catch(() => "")
  const [head, ...lines] = text.split("\n").map(parsed)
  if (!Check(headSchema, head) || head.recipe !== recipe) return []
  const blocks: Array<Block> = []
  for (const line of lines) {
    if (!Check(blockSchema, line)) break
    blocks.push(line)
  }
  return blocks
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** The blocks, up to the first whose content is not what its digest says. */
const soundBlocks = async (file: string, blocks: ReadonlyArray<Block>): Promise<ReadonlyArray<Block>> => {
  if (blocks.length === 0) return []
  const handle = await open(file, "r").catch(() => undefined)
  if (handle === undefined) return []
  await using numbers = handle
  const sound: Array<Block> = []
  let place = 0
  for (const block of blocks) {
    const content = new Uint8Array(block.bytes)
    const { bytesRead } = await numbers.read(content, 0, block.bytes, place)
    if (bytesRead !== block.bytes || digestOf(content) !== block.sha256) break
    sound.push(block)
    place += block.bytes
  }
  return sound
}

/** Makes a file that was given out before one that nobody else has: what is in the store must never change. */
const ownFile = async (file: string): Promise<void> => {
  if ((await stat(file)).nlink === 1) return
  await copyFile(file, `${file}.partial`)
  await rename(`${file}.partial`, file)
}

const writeAll = async (file: FileHandle, content: Uint8Array, place: number): Promise<void> => {
  for (let done = 0; done < content.length; ) {
    const { bytesWritten } = await file.write(content, done, content.length - done, place + done)
    done += bytesWritten
  }
}
