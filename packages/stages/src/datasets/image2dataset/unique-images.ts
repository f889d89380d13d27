import type { SeenDigests } from "./seen-digests.ts"
import type { DoneSample } from "./shards/index.ts"

/** The message of an image whose bytes have come before. */
export const DUPLICATE_IMAGE = "duplicate of another image"

/**
 * Lets each image through once, by the hash of its downloaded bytes. So that it is always the list's first, shards ask
 * one after the other.
 */
export class UniqueImages {
  readonly #seen: SeenDigests
  #last: Promise<void> = Promise.resolve()

  constructor(seen: SeenDigests) {
    this.#seen = seen
  }

  /** Resolves when all shards before have asked; `over` is when this one has. */
  follow(over: Promise<void>): Promise<void> {
    const before = this.#last
    this.#last = Promise.all([before, over]).then(() => {})
    this.#last.catch(() => {})
    return before
  }

  /** Takes the hashes of a shard that is there. */
  learn(hashes: () => Promise<ReadonlyArray<string>>): void {
    this.#last = this.#last.then(async () => {
      for (const hash of await hashes()) this.#isNew(hash)
    })
    this.#last.catch(() => {})
  }

  /** The sample as it came, or as one of a duplicate. */
  check(sample: DoneSample): DoneSample {
    const { record } = sample
    if (sample.image === undefined || record.hash === null || this.#isNew(record.hash)) return sample
    return {
      ...sample,
      record: {
        ...record,
        status: "failed_to_resize",
        errorMessage: DUPLICATE_IMAGE,
        width: null,
        height: null,
      },
      image: undefined,
      fault: "duplicate",
    }
  }

  close(): void {
    this.#seen.close()
  }

  #isNew(hash: string): boolean {
    return this.#seen.add(Buffer.from(hash, "hex"))
  }
}
