import { type CropBatch, CropStream, type Position } from "./data/index.ts"
import type { LatentStore } from "./latent-store.ts"
import type { DivaOptions } from "./options.ts"
import type { Unit } from "./replica.ts"
import { CLIP_STATISTICS } from "./views.ts"

export interface SourceRequest {
  readonly images: string
  readonly options: DivaOptions
  /** Pixels of a side of the crops. */
  readonly size: number
  readonly threads: number
  /** Units that are made ahead. */
  readonly ahead: number
  readonly latents: LatentStore | undefined
  readonly onBroken: (key: string, reason: string) => void
}

/** A unit of a step, and where the data set is left after it. */
export interface SourcedUnit {
  readonly unit: Unit
  readonly next: Position
}

/** The images of each step, divided into what is computed at once. */
export class UnitSource {
  readonly #stream: CropStream
  readonly #counts: ReadonlyArray<number>
  readonly #latents: LatentStore | undefined
  readonly #checkpoints: boolean

  constructor(request: SourceRequest, from: Position) {
    const { images: source, options, size, threads, ahead, latents, onBroken } = request
    this.#counts = countsOf(options)
    this.#latents = latents
    this.#checkpoints = options.checkpoints
    const { shuffleBuffer, seed, crops: rule } = options
    const batches = { shuffleBuffer, seed, counts: this.#counts }
    const crops = { rule, size, ...CLIP_STATISTICS }
    this.#stream = new CropStream({ source, batches, crops, from, threads, ahead }, onBroken)
  }

  /** Milliseconds that were spent waiting for images. */
  get waited(): number {
    return this.#stream.waited
  }

  /** The units of a step, in the order of its images. */
  async *unitsOf(step: number): AsyncGenerator<SourcedUnit> {
    let first = 0
    for (const count of this.#counts) {
      const batch = await this.#stream.next()
      const latents = await this.#known(batch)
      const unit = { step, first, count, crops: batch.crops, latents, checkpoints: this.#checkpoints }
      yield { unit, next: batch.next }
      first += count
    }
  }

  close(): Promise<void> {
    return this.#stream.close()
  }

  async #known({ ordinals }: CropBatch): Promise<Unit["latents"]> {
    return await this.#latents?.read(ordinals)
  }
}

/** How many images are computed at once, through all micro-batches of a step. */
const countsOf = ({ batch, imagesAtOnce, accumulation }: DivaOptions): ReadonlyArray<number> => {
  const ofMicroBatch = Array.from({ length: Math.ceil(batch / imagesAtOnce) }, (_, part) =>
    Math.min(imagesAtOnce, batch - part * imagesAtOnce),
  )
  return Array.from({ length: accumulation }, () => ofMicroBatch).flat()
}
