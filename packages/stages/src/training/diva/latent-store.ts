import { type FileHandle, open, readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { type Static, Type } from "typebox"
import { Check } from "typebox/value"
import type { CropRule, DivaOptions } from "./options.ts"
import type { KnownLatents } from "./replica.ts"

/** The files of a latents artefact: what they are of, and the numbers, image by image. */
export const INDEX_FILE = "index.json"
export const LATENTS_FILE = "latents.f32"

const range = Type.Tuple([Type.Number(), Type.Number()])

const indexSchema = Type.Object({
  version: Type.Literal(1),
  /** Images of the data set, those that cannot be decoded included. */
  count: Type.Integer({ minimum: 1 }),
  /** [height, width, channels] of an image's latents. */
  shape: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 3, maxItems: 3 }),
  /** Pixels of a side of the crops. */
  size: Type.Integer({ minimum: 1 }),
  crops: Type.Object({ scale: range, ratio: range, seed: Type.Integer({ minimum: 0 }) }),
  generativeNormalisation: Type.Union([Type.Literal("original"), Type.Literal("corrected")]),
})

/** What the latents of a data set's crops are of. */
export type LatentIndex = Static<typeof indexSchema>

/** Latents of the fixed crops of a data set, by the images' numbers. */
export class LatentStore {
  readonly index: LatentIndex
  readonly #file: FileHandle

  private constructor(index: LatentIndex, file: FileHandle) {
    this.index = index
    this.#file = file
  }

  /**
   * Opens a folder of train/latents.
   *
   * @throws StageFailure (permanent) when it is damaged
   */
  static async open(folder: string): Promise<LatentStore> {
    const index: unknown = await readFile(join(folder, INDEX_FILE), "utf8")
      .then((text) => JSON.parse(text))
      .catch(() => undefined)
    if (!Check(indexSchema, index))
      throw permanent("these are no latents of train/latents", { file: join(folder, INDEX_FILE) })
    return new LatentStore(index, await open(join(folder, LATENTS_FILE), "r"))
  }

  /** The crops that the latents are of. */
  get crops(): CropRule {
    const { scale, ratio, seed } = this.index.crops
    return { kind: "fixed", scale, ratio, seed }
  }

  /**
   * Refuses latents of other crops than the training's, or made otherwise.
   *
   * @param size pixels of a side of the training's crops
   */
  check({ generativeNormalisation }: DivaOptions, size: number): void {
    const { index } = this
    if (index.size !== size)
      throw permanent(`the latents are of crops of ${index.size} pixels, the model takes ${size}`)
    if (index.generativeNormalisation !== generativeNormalisation)
      throw permanent(
        `the latents were made with generative-normalisation: ${index.generativeNormalisation}, ` +
          `the training asks for ${generativeNormalisation}`,
      )
  }

  /** The latents of some images. */
  async read(ordinals: ReadonlyArray<number>): Promise<KnownLatents> {
    const { shape, count } = this.index
    const each = shape.reduce((product, size) => product * size, 1)
    const values = new Float32Array(ordinals.length * each)
    for (const [row, ordinal] of ordinals.entries()) {
      if (ordinal >= count)
        throw permanent(`the latents are of ${count} images, but the data set has more`, {
          hint: "make the latents of the same images that are trained on",
        })
      const bytes = new Uint8Array(values.buffer, row * each * 4, each * 4)
      const { bytesRead } = await this.#file.read(bytes, 0, each * 4, ordinal * each * 4)
      if (bytesRead !== each * 4) throw permanent(`${LATENTS_FILE} is shorter than its index says`)
    }
    return { values, shape }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
