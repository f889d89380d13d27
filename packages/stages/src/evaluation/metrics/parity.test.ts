import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { averagePrecision, rankedSamples } from "./average-precision.ts"
import { ClassAnswerKeeper } from "./classification.ts"
import { ACCURACIES, classificationMetrics } from "./classification-metrics.ts"
import { multiLabelMetrics } from "./multi-label-metrics.ts"
import { pairMetrics } from "./pair-metrics.ts"
import { retrieve } from "./retrieval.ts"
import { RECALLS, retrievalMetrics } from "./retrieval-metrics.ts"
import { torchSort, torchTopK } from "./torch-top-k.ts"

const folder = new URL("../../../../../test/fixtures/eval/", import.meta.url)
const json = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8"))

/** The fixture's tensors as plain numbers; a reader of its own, so that these tests load no tensor library. */
const tensorsOf = (file: string): ((name: string) => Float32Array) => {
  const bytes = readFileSync(new URL(file, folder))
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length))
  const data = Uint8Array.from(bytes.subarray(8 + length)).buffer
  return (name) => {
    const part = data.slice(...(header[name].data_offsets as [number, number]))
    return header[name].dtype === "I64"
      ? Float32Array.from(new BigInt64Array(part), Number)
      : new Float32Array(part)
  }
}

const expected = json("expected.json")
const about = { benchmark: "fixture", view: "class" } as const
const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index))

describe("parity with CLIP_benchmark", () => {
  const tensor = tensorsOf("classification.safetensors")
  const logits = tensor("logits")
  const multilabel = tensor("multilabel")

  it("scores classification the same, to 1e-6", () => {
    const labels = Int32Array.from(tensor("labels"))
    const keeper = new ClassAnswerKeeper(labels, 7, ACCURACIES)
    for (let start = 0; start < 200; start += 30)
      keeper.add(logits.subarray(start * 7, (start + 30) * 7), start)
    const metrics = classificationMetrics(about, {
      draws: [keeper.answers],
      labels,
      keys: numbered(200),
      classnames: numbered(7),
    })
    for (const name of ["acc1", "acc5", "mean_per_class_recall"])
      expect(metrics.metrics[name]).toBeCloseTo(expected[name], 6)
  })

  it("scores multi-label classification the same, to 1e-6", () => {
    const scores = { values: logits, classes: 7 }
    const precision = tensor("average_precision")
    for (let label = 0; label < 7; label++)
      expect(
        averagePrecision(rankedSamples(scores, label), (sample) => multilabel[sample * 7 + label] === 1),
      ).toBeCloseTo(precision[label] ?? Number.NaN, 6)
    const metrics = multiLabelMetrics(about, {
      draws: [scores],
      targets: Uint8Array.from(multilabel),
      keys: numbered(200),
      classnames: numbered(7),
    })
    expect(metrics.metrics.mean_average_precision).toBeCloseTo(expected.mean_average_precision, 6)
  })

  it("scores retrieval the same, to 1e-6", () => {
    const tensor = tensorsOf("retrieval.safetensors")
    const [texts, images] = [tensor("text_features"), tensor("image_features")]
    const values = Float32Array.from({ length: 150 * 30 }, (_, cell) => {
      const text = Math.floor(cell / 30)
      let sum = 0
      for (let d = 0; d < 24; d++) sum += (texts[text * 24 + d] ?? 0) * (images[(cell % 30) * 24 + d] ?? 0)
      return sum
    })
    const { metrics } = retrievalMetrics(about, {
      draws: [
        retrieve(
          (use) => {
            for (let text = 0; text < 150; text += 40) use(values.subarray(text * 30, (text + 40) * 30), text)
          },
          { imageOfText: Int32Array.from(tensor("text_image")), images: 30 },
          RECALLS,
        ),
      ],
      captions: new Array(30).fill(5),
      keys: numbered(180),
    })
    for (const [name, value] of Object.entries(metrics)) expect(value).toBeCloseTo(expected[name], 6)
    expect(Object.keys(metrics)).toHaveLength(6)
  })

  it("takes those of equal scores that torch.topk takes", () => {
    const cases: ReadonlyArray<{ x: ReadonlyArray<number>; k: number; top: ReadonlyArray<number> }> =
      json("top-k.json")
    expect(cases.length).toBeGreaterThan(50)
    for (const { x, k, top } of cases) expect([...torchTopK(x, k)]).toEqual(top)
  })

  it("puts those of equal scores first that torch.sort does", () => {
    const cases: ReadonlyArray<{ x: ReadonlyArray<number>; order: ReadonlyArray<number> }> = json("sort.json")
    expect(cases.length).toBeGreaterThan(40)
    for (const { x, order } of cases) expect([...torchSort(x)]).toEqual(order)
  })

  it("counts MMVP's pairs the same, exactly", () => {
    const pairs: ReadonlyArray<{
      pair: number
      category: string
      logits_per_text: [[number, number], [number, number]]
      correct: boolean
    }> = json("mmvp.json")
    const metrics = pairMetrics(
      about,
      pairs.map(({ pair, category, logits_per_text: [first, second] }) => ({
        pair: String(pair),
        category,
        draws: [{ first, second }],
      })),
    )
    expect(metrics.pairs?.map(({ right }) => right === 1)).toEqual(pairs.map(({ correct }) => correct))
    for (const { name, value } of metrics.per_category ?? [])
      expect(value * 100).toBeCloseTo(expected.mmvp[name], 10)
    expect((metrics.metrics.average ?? 0) * 100).toBeCloseTo(expected.mmvp_average, 10)
  })
})
