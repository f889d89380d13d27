import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RandomStream } from "../../randomness/index.ts"
import { ClassAnswerKeeper, type ClassAnswers } from "./classification.ts"
import { accuraciesOf, classificationMetrics } from "./classification-metrics.ts"
import { decodeMetrics, encodeMetrics, type Metrics, MetricsFileError } from "./metrics-file.ts"
import { multiLabelMetrics } from "./multi-label-metrics.ts"
import { pairMetrics, type ScoredPair } from "./pair-metrics.ts"
import type { PairScores } from "./pairs.ts"
import { retrieve } from "./retrieval.ts"
import { RECALLS, retrievalMetrics } from "./retrieval-metrics.ts"

const about = { benchmark: "digits", view: "class" } as const
const names = (count: number) => Array.from({ length: count }, (_, index) => `item ${index}`)
const classes = 6

const answers = (values: Float32Array, labels: Int32Array, of: number): ClassAnswers => {
  const keeper = new ClassAnswerKeeper(labels, of, accuraciesOf([1, 5], of))
  keeper.add(values, 0)
  return keeper.answers
}

const classified = (values: Float32Array, labels: ReadonlyArray<number>): Metrics =>
  classificationMetrics(about, {
    draws: [answers(values, Int32Array.from(labels), classes)],
    labels: Int32Array.from(labels),
    keys: names(labels.length),
    classnames: names(classes),
  })

const labelled = fc.record({
  labels: fc.array(fc.nat({ max: classes - 1 }), { minLength: 1, maxLength: 40 }),
  seed: fc.nat(),
})

describe("classification metrics", () => {
  it("don't depend on the order of the samples", () => {
    fc.assert(
      fc.property(labelled, ({ labels, seed }) => {
        const stream = RandomStream.named(seed, "permutation")
        const values = stream.normals(labels.length * classes)
        const order = [...stream.permutation(labels.length)]
        const shuffled = order.flatMap((sample) => [
          ...values.subarray(sample * classes, (sample + 1) * classes),
        ])
        const there = classified(values, labels)
        const back = classified(
          Float32Array.from(shuffled),
          order.map((sample) => labels[sample] ?? 0),
        )
        expect(back.metrics).toEqual(there.metrics)
        expect(back.per_class).toEqual(there.per_class)
        expect(back.intervals).toEqual(there.intervals)
      }),
    )
  })

  it("keep their estimates inside their intervals, and top-5 above top-1", () => {
    fc.assert(
      fc.property(labelled, ({ labels, seed }) => {
        const { metrics, intervals } = classified(
          RandomStream.named(seed, "scores").normals(labels.length * classes),
          labels,
        )
        for (const [name, value] of Object.entries(metrics)) {
          expect(intervals[name]?.low).toBeLessThanOrEqual(value)
          expect(intervals[name]?.high).toBeGreaterThanOrEqual(value)
        }
        expect(metrics.acc5).toBeGreaterThanOrEqual(metrics.acc1 ?? 1)
      }),
    )
  })

  it("are 1 for a perfect model and at chance for one that always says the same", () => {
    const labels = Array.from({ length: 60 }, (_, index) => index % classes)
    const perfect = Float32Array.from({ length: 60 * classes }, (_, cell) =>
      cell % classes === labels[Math.floor(cell / classes)] ? 1 : 0,
    )
    expect(Object.values(classified(perfect, labels).metrics)).toEqual([1, 1, 1])
    const constant = classified(new Float32Array(60 * classes), labels)
    expect(constant.metrics).toEqual({ acc1: 1 / 6, acc5: 5 / 6, mean_per_class_recall: 1 / 6 })
    expect(constant.metrics).toEqual(constant.chance)
  })

  it("leave top-5 out below five classes", () => {
    const { metrics } = classificationMetrics(about, {
      draws: [answers(Float32Array.of(1, 0, 0, 1), Int32Array.of(0, 0), 2)],
      labels: Int32Array.of(0, 0),
      keys: names(2),
      classnames: names(2),
    })
    expect(metrics).toEqual({ acc1: 0.5, mean_per_class_recall: 0.5 })
  })

  it("average several draws and give their spread", () => {
    const { metrics, spread, intervals, items } = classificationMetrics(about, {
      draws: [
        answers(Float32Array.of(1, 0, 1, 0), Int32Array.of(0, 1), 2),
        answers(Float32Array.of(0, 1, 0, 1), Int32Array.of(0, 1), 2),
        answers(Float32Array.of(1, 0, 0, 1), Int32Array.of(0, 1), 2),
      ],
      labels: Int32Array.of(0, 1),
      keys: names(2),
      classnames: names(2),
    })
    expect(metrics.acc1).toBeCloseTo(2 / 3, 12)
    expect(spread?.acc1).toBeCloseTo(Math.sqrt(1 / 12), 12)
    expect(intervals.acc1?.low).toBeLessThan(2 / 3)
    expect(items.outcomes.acc1).toEqual(["10", "01", "11"])
  })

  it("give a multi-label benchmark's mean average precision an interval", () => {
    const given = {
      draws: [{ values: Float32Array.of(3, 0, 2, 1, 1, 2, 0, 3), classes: 2 }] as const,
      targets: Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 1),
      keys: names(4),
      classnames: names(2),
    }
    const { metrics, intervals, chance } = multiLabelMetrics(about, given)
    expect(metrics.mean_average_precision).toBeCloseTo((5 / 6 + 1) / 2, 12)
    expect(intervals.mean_average_precision?.high).toBeGreaterThanOrEqual(11 / 12)
    expect(chance.mean_average_precision).toBe(0.5)
  })

  it("keep recall's answers class by class, so that models are compared item by item", () => {
    fc.assert(
      fc.property(labelled, ({ labels, seed }) => {
        const { metrics, items } = classified(
          RandomStream.named(seed, "scores").normals(labels.length * classes),
          labels,
        )
        const answers = items.outcomes.mean_per_class_recall?.[0] ?? ""
        expect(answers).toHaveLength(labels.length)
        let start = 0
        const recalls = (items.groups ?? []).flatMap((size) => {
          const own = answers.slice(start, start + size)
          start += size
          return size === 0 ? [] : [[...own].filter((one) => one === "1").length / size]
        })
        expect(start).toBe(labels.length)
        expect(recalls.reduce((sum, one) => sum + one, 0) / recalls.length).toBeCloseTo(
          metrics.mean_per_class_recall ?? Number.NaN,
          12,
        )
      }),
    )
  })

  it("resample the same images of a multi-label benchmark whatever the model", () => {
    const targets = Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 1)
    const scored = (values: Float32Array) =>
      multiLabelMetrics(about, {
        draws: [{ values, classes: 2 }],
        targets,
        keys: names(4),
        classnames: names(2),
      }).items
    const model = Float32Array.of(3, 0, 2, 1, 1, 2, 0, 3)
    const [here, there] = [scored(model), scored(model.map((value) => value * 2 + 1))]
    expect(here.resamples?.mean_average_precision).toHaveLength(1000)
    expect(there).toEqual(here)
    const other = scored(model.map((value) => -value))
    expect(other.digest).toBe(here.digest)
    expect(other.resamples).not.toEqual(here.resamples)
  })
})

describe("retrieval metrics", () => {
  const owner = Int32Array.of(0, 0, 1, 1, 2, 2)
  const scored = (values: Float32Array) =>
    retrievalMetrics(about, {
      draws: [retrieve((use) => use(values, 0), { imageOfText: owner, images: 3 }, RECALLS)],
      captions: [2, 2, 2],
      keys: names(9),
    })

  it("are 1 for a perfect model", () => {
    const values = Float32Array.from({ length: 18 }, (_, cell) =>
      owner[Math.floor(cell / 3)] === cell % 3 ? 1 : 0,
    )
    expect(new Set(Object.values(scored(values).metrics))).toEqual(new Set([1]))
  })

  it("count a text among the k best as found, also with more k than images", () => {
    const { metrics, chance } = scored(new Float32Array(18))
    expect(metrics["image_retrieval_recall@1"]).toBeCloseTo(1 / 3, 12)
    expect(metrics["image_retrieval_recall@5"]).toBe(1)
    expect(metrics["text_retrieval_recall@1"]).toBeCloseTo(1 / 3, 12)
    expect(chance["text_retrieval_recall@1"]).toBeCloseTo(1 / 3, 12)
    expect(chance["text_retrieval_recall@5"]).toBe(1)
  })

  it("keep their estimates inside their intervals", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { metrics, intervals } = scored(RandomStream.named(seed, "retrieval").normals(18))
        for (const [name, value] of Object.entries(metrics)) {
          expect(intervals[name]?.low).toBeLessThanOrEqual(value)
          expect(intervals[name]?.high).toBeGreaterThanOrEqual(value)
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe("pair metrics", () => {
  const pair = (index: number, category: string, scores: PairScores): ScoredPair => ({
    pair: `${2 * index + 1}/${2 * index + 2}`,
    category,
    draws: [scores],
  })
  const right: PairScores = { first: [1, 0], second: [0, 1] }

  it("ask both statements to pick their own image; a tie goes to the second", () => {
    const scores: ReadonlyArray<PairScores> = [
      right,
      { first: [0, 1], second: [0, 1] },
      { first: [1, 0], second: [1, 0] },
      { first: [1, 1], second: [0, 1] },
      { first: [1, 0], second: [1, 1] },
    ]
    const metrics = pairMetrics(
      about,
      scores.map((given, index) => pair(index, "Texts", given)),
    )
    expect(metrics.pairs?.map((entry) => entry.right)).toEqual([1, 0, 0, 0, 1])
  })

  it("average categories, not pairs, and keep categories together", () => {
    const wrong: PairScores = { first: [0, 1], second: [1, 0] }
    const metrics = pairMetrics(about, [
      pair(0, "Texts", right),
      pair(1, "Color", wrong),
      pair(2, "Texts", right),
      pair(3, "Texts", wrong),
    ])
    expect(metrics.metrics.average).toBeCloseTo(1 / 3, 12)
    expect(metrics.per_category?.map(({ name, n }) => [name, n])).toEqual([
      ["Texts", 3],
      ["Color", 1],
    ])
    expect(metrics.items.outcomes.average).toEqual(["1100"])
    expect(metrics.pairs?.at(-1)?.pair).toBe("3/4")
  })

  it("are near one in four for a model that guesses", () => {
    const stream = RandomStream.named(9, "guesses")
    const guesses = Array.from({ length: 4000 }, (_, index) => {
      const [a = 0, b = 0, c = 0, d = 0] = stream.normals(4)
      return pair(index, "any", { first: [a, b], second: [c, d] })
    })
    expect(pairMetrics(about, guesses).metrics.average).toBeCloseTo(0.25, 1)
  })
})

describe("the metrics file", () => {
  const metrics = classified(RandomStream.named(4, "file").normals(5 * classes), [0, 1, 2, 3, 4])

  it("comes back as it was, to six decimals, with keys in one order", () => {
    const text = encodeMetrics(metrics)
    expect(encodeMetrics(decodeMetrics(text))).toBe(text)
    const reordered = Object.fromEntries(Object.entries(metrics).reverse())
    expect(encodeMetrics(decodeMetrics(JSON.stringify(reordered)))).toBe(text)
    expect(text).not.toMatch(/\d\.\d{7}/)
  })

  it.each([
    ["not JSON", "{", "not JSON"],
    ["another kind", encodeMetrics(metrics).replace("zero-shot", "magic"), "/kind"],
    ["lists of another length", encodeMetrics(metrics).replace('"draws": 1', '"draws": 2'), "2 lists"],
  ])("is refused when it is %s", (_, text, message) => {
    expect(() => decodeMetrics(text)).toThrow(MetricsFileError)
    expect(() => decodeMetrics(text)).toThrow(message)
  })
})
