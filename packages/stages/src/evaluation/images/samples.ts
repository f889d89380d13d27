import { createHash } from "node:crypto"
import { type Static, Type } from "typebox"
import type { Benchmark, BenchmarkSample, Question } from "../benchmarks/index.ts"

const list = <const Item extends Parameters<typeof Type.Array>[0]>(item: Item) =>
  Type.Optional(Type.Array(item))
const whole = Type.Integer({ minimum: 0 })

/** `samples.json`: what is known of a benchmark's images, a column each, in the order of the features' rows. */
export const SamplesFile = Type.Object({
  keys: Type.Array(Type.String()),
  /** The first 32 hexadecimal digits of the SHA-256 of each encoded image; other programs may leave them out. */
  digests: list(Type.String()),
  /** Of classification. */
  labels: list(whole),
  /** Of multi-label classification: the classes that each image has. */
  targets: list(Type.Array(whole)),
  /** Of retrieval: how many captions each image has. */
  captions: list(whole),
  /** Of pairs, of which two images after each other are one. */
  questions: list(Type.Object({ id: whole, category: Type.String(), statement: Type.String() })),
})

export type Samples = Static<typeof SamplesFile>

/** What an encoded image is known by. */
export const digestOfImage = (image: Uint8Array): string =>
  createHash("sha256").update(image).digest("hex").slice(0, 32)

/** Keeps what is known of samples while their images are passed on. */
export class SampleCollector {
  readonly #keys: Array<string> = []
  readonly #digests: Array<string> = []
  readonly #labels: Array<number> = []
  readonly #targets: Array<ReadonlyArray<number>> = []
  readonly #captions: Array<number> = []
  readonly #questions: Array<Question> = []
  /** Of samples that have a caption without a word. */
  readonly emptyCaptions: Array<string> = []

  async *collect(samples: AsyncIterable<BenchmarkSample>): AsyncGenerator<BenchmarkSample> {
    for await (const sample of samples) {
      this.#keys.push(sample.key)
      this.#digests.push(digestOfImage(sample.image))
      if (sample.label !== undefined) this.#labels.push(sample.label)
      if (sample.targets !== undefined) this.#targets.push(sample.targets)
      if (sample.captions !== undefined) this.#captions.push(sample.captions.length)
      if (sample.captions?.some((caption) => caption.trim() === "")) this.emptyCaptions.push(sample.key)
      if (sample.question !== undefined) this.#questions.push(sample.question)
      yield sample
    }
  }

  samples(task: Benchmark["task"]): Samples {
    const common = { keys: this.#keys, digests: this.#digests }
    switch (task) {
      case "classification":
        return { ...common, labels: this.#labels }
      case "multilabel":
        return { ...common, targets: this.#targets.map((classes) => [...classes]) }
      case "retrieval":
        return { ...common, captions: this.#captions }
      case "pairs":
        return { ...common, questions: this.#questions }
    }
  }
}
