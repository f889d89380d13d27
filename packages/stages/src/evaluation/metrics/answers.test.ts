import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../../randomness/index.ts"
import { ClassAnswerKeeper } from "./classification.ts"
import { retrieve } from "./retrieval.ts"
import { torchTopK } from "./torch-top-k.ts"

/** Scores of few levels, so that many are equal. */
const scoresOf = (seed: number, count: number, levels: number): Float32Array =>
  Float32Array.from(RandomStream.named(seed, "scores").integers(count, levels))

const row = (values: Float32Array, width: number, at: number) => values.subarray(at * width, (at + 1) * width)

describe("answers to classes", () => {
  it("are those of torch's lists and the first of the best, in blocks of any size", () => {
    const given = fc.record({
      seed: fc.nat(),
      samples: fc.integer({ min: 1, max: 12 }),
      classes: fc.integer({ min: 2, max: 400 }),
      levels: fc.integer({ min: 1, max: 50 }),
      block: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(given, ({ seed, samples, classes, levels, block }) => {
        const values = scoresOf(seed, samples * classes, levels)
        const labels = RandomStream.named(seed, "labels").integers(samples, classes)
        const ks = [1, 5, 7].filter((k) => k <= classes)
        const keeper = new ClassAnswerKeeper(labels, classes, ks)
        for (let start = 0; start < samples; start += block)
          keeper.add(values.slice(start * classes, Math.min(samples, start + block) * classes), start)
        labels.forEach((label, sample) => {
          const scores = row(values, classes, sample)
          const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
          expect(keeper.answers.predicted[sample]).toBe(order[0])
          expect(keeper.answers.ranks[sample]).toBe(order.indexOf(label))
          expect([
            ...keeper.answers.top.subarray(
              sample * keeper.answers.shown,
              (sample + 1) * keeper.answers.shown,
            ),
          ]).toEqual(order.slice(0, keeper.answers.shown))
          for (const k of ks) {
            const list = torchTopK(scores, k === 7 ? 7 : classes < 5 ? 1 : 5).slice(0, k)
            expect(keeper.answers.hits.get(k)?.[sample]).toBe(list.includes(label) ? 1 : 0)
          }
        })
      }),
      { numRuns: 60 },
    )
  })
})

describe("answers of a retrieval", () => {
  it("are those of whole rows and columns, in blocks of any size", () => {
    const given = fc.record({
      seed: fc.nat(),
      images: fc.integer({ min: 2, max: 60 }),
      captions: fc.integer({ min: 1, max: 5 }),
      levels: fc.integer({ min: 1, max: 40 }),
      block: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(given, ({ seed, images, captions, levels, block }) => {
        const texts = images * captions
        const values = scoresOf(seed, texts * images, levels)
        const imageOfText = Int32Array.from({ length: texts }, (_, text) => Math.floor(text / captions))
        const ks = [1, 5, 10].filter((k) => k <= images)
        const found = retrieve(
          (use) => {
            for (let start = 0; start < texts; start += block)
              use(values.subarray(start * images, Math.min(texts, start + block) * images), start)
          },
          { imageOfText, images },
          ks,
        )
        for (const k of ks) {
          for (let text = 0; text < texts; text++) {
            const isFound = torchTopK(row(values, images, text), k).includes(imageOfText[text] ?? 0)
            expect(found.imageHits.get(k)?.[text]).toBe(isFound ? 1 : 0)
          }
          for (let image = 0; image < images; image++) {
            const column = Float32Array.from(
              { length: texts },
              (_, text) => values[text * images + image] ?? 0,
            )
            const isFound = torchTopK(column, k).some((text) => imageOfText[text] === image)
            expect(found.textHits.get(k)?.[image]).toBe(isFound ? 1 : 0)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
