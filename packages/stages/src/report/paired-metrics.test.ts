import { expect, it } from "vitest"
import { type Metrics, multiLabelMetrics } from "../evaluation/metrics/index.ts"
import { RandomStream } from "../randomness/index.ts"
import { compareMetric } from "./differences.ts"
import { measuresOf } from "./measures.ts"

const [images, classes] = [200, 4]
const names = (count: number) => Array.from({ length: count }, (_, index) => String(index))
const targets = Uint8Array.from({ length: images * classes }, (_, cell) => ((cell * 7) % 11 < 4 ? 1 : 0))
const noise = RandomStream.named(3, "scores").normals(images * classes)

/** A model that knows the targets as well as it is told to, with the same mistakes whatever it knows. */
const scored = (knowledge: number): Metrics =>
  multiLabelMetrics(
    { benchmark: "voc", view: "class" },
    {
      draws: [{ values: noise.map((value, cell) => value + knowledge * (targets[cell] ?? 0)), classes }],
      targets,
      keys: names(images),
      classnames: names(classes),
    },
  )

const compare = (sameItems: boolean) => {
  const [measure] = measuresOf("zero-shot", new Set(["mean_average_precision"]))
  if (measure === undefined) throw new Error("no measure")
  const files = { before: [scored(1)], after: [scored(1.1)] }
  return compareMetric(files, measure, { sameItems, margin: 0.01, names: ["voc"] }).difference
}

it("mean average precision is compared on the same resamples of the same images", () => {
  const [paired, unpaired] = [compare(true), compare(false)]
  expect(paired?.test).toBe("paired-bootstrap")
  expect(unpaired?.test).toBe("unpaired")
  expect(paired?.value).toBeCloseTo(unpaired?.value ?? Number.NaN, 12)
  const width = (found: typeof paired) => (found === undefined ? 0 : found.interval.high - found.interval.low)
  expect(width(paired)).toBeLessThan(width(unpaired) / 4)
  expect(paired?.interval.low).toBeGreaterThan(0)
  expect(unpaired?.interval.low).toBeLessThan(0)
})
