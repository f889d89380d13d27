import {
  type DoneSample,
  type Parking,
  type ShardWriter,
  type Statistics,
  StatisticsCounter,
} from "./shards/index.ts"
import type { UniqueImages } from "./unique-images.ts"

/** What a job does with its shard in the end. */
type Finish = (statistics: Statistics) => Promise<void>

interface Parked {
  readonly sample: DoneSample
  readonly image: (() => Promise<Uint8Array>) | undefined
}

/** Lets one thing be done after the other. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve()

  take(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}

/**
 * A shard in work. Its samples are done in any order and written in the list's, so that the bytes are always the same.
 */
export class ShardJob {
  readonly #writer: ShardWriter
  readonly #count: number
  readonly #parking: Parking
  readonly #finish: Finish
  readonly #turn: Turn
  readonly #onWritten: () => void
  readonly #unique: UniqueImages | undefined
  /** When its samples may be written. */
  readonly #begin: Promise<unknown>
  readonly #abandoned = Promise.withResolvers<void>()
  readonly #counter = new StatisticsCounter()
  readonly #parked = new Map<number, Parked | Promise<Parked>>()
  #next = 0
  #isWriting = false
  #isAbandoned = false
  #writing: Promise<void> = Promise.resolve()
  readonly #over = Promise.withResolvers<void>()

  /**
   * @param turn shards are ended one after the other, so that on a disk that is full the first are whole
   * @param onWritten called for each sample that is written and no longer held
   * @param unique what leaves duplicates out, if anything
   */
  constructor(
    writer: ShardWriter,
    count: number,
    parking: Parking,
    turn: Turn,
    onWritten: () => void,
    finish: Finish,
    unique: UniqueImages | undefined,
  ) {
    this.#writer = writer
    this.#count = count
    this.#parking = parking
    this.#onWritten = onWritten
    this.#finish = finish
    this.#turn = turn
    this.#unique = unique
    this.#begin = Promise.race([unique?.follow(this.over), this.#abandoned.promise])
    this.#begin.catch(() => {})
  }

  /** Resolves when the shard is whole and recorded. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Takes a sample that is done. */
  deliver(index: number, sample: DoneSample): void {
    const isNext = index === this.#next && !this.#isWriting
    this.#parked.set(index, isNext ? { sample, image: undefined } : this.#park(sample))
    if (this.#isWriting || this.#isAbandoned || !this.#parked.has(this.#next)) return
    this.#writing = this.#write().catch((cause) => this.#over.reject(cause))
  }

  /** Stops writing, and lets go of the files; what there is of the shard is of no use. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true
    this.#abandoned.resolve()
    await this.#writing
    await this.#writer.close().catch(() => {})
  }

  async #park(sample: DoneSample): Promise<Parked> {
    if (sample.image === undefined) return { sample, image: undefined }
    const image = await this.#parking.keep(sample.image)
    return { sample: { ...sample, image: undefined }, image }
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    await this.#begin
    while (!this.#isAbandoned) {
      const waiting = this.#parked.get(this.#next)
      if (waiting === undefined) break
      const { sample, image } = await waiting
      const found = image === undefined ? sample : { ...sample, image: await image() }
      const whole = this.#unique?.check(found) ?? found
      this.#counter.add(whole)
      await this.#writer.add(whole)
      this.#parked.delete(this.#next)
      this.#next += 1
      this.#onWritten()
    }
    this.#isWriting = false
    if (this.#isAbandoned || this.#next < this.#count) return
    await this.#turn.take(async () => {
      await this.#writer.close()
      await this.#finish(this.#counter.statistics)
    })
    this.#over.resolve()
  }
}
