// The works of one process: prints what it found, and its seconds without what is imported.
import {
  ClassAnswerKeeper,
  classificationMetrics,
  RECALLS,
  retrieve,
} from "../../../packages/stages/src/evaluation/metrics/index.ts"
import { RandomStream } from "../../../packages/stages/src/randomness/index.ts"

const names = (count: number) => Array.from({ length: count }, (_, index) => String(index))

/** Numbers that any machine has: a table of 2²⁰ normals, read from another place for each row. */
const table = RandomStream.named(0, "bench").normals(2 ** 20)

const DRAWS = 1000

/** 95 % percentile intervals of shares, and of the mean of the classes' shares, from the same resamples. */
const resample = (
  lists: ReadonlyArray<Uint8Array>,
  right: Uint8Array,
  labels: Int32Array,
  classes: number,
): ReadonlyArray<readonly [number, number]> => {
  const stream = RandomStream.named(0, "bootstrap")
  const drawn = [...lists, right].map(() => new Float64Array(DRAWS))
  const counts = new Int32Array(classes)
  const found = new Int32Array(classes)
  const times = new Int32Array(labels.length)
  for (let draw = 0; draw < DRAWS; draw++) {
    counts.fill(0)
    found.fill(0)
    times.fill(0)
    for (let left = labels.length; left > 0; left--) {
      const sample = Math.floor((stream.word() / 2 ** 32) * labels.length)
      times[sample] = (times[sample] ?? 0) + 1
    }
    for (let sample = 0; sample < labels.length; sample++) {
      const [label = 0, count = 0] = [labels[sample], times[sample]]
      counts[label] = (counts[label] ?? 0) + count
      found[label] = (found[label] ?? 0) + count * (right[sample] ?? 0)
    }
    lists.forEach((list, metric) => {
      let sum = 0
      for (let sample = 0; sample < list.length; sample++) sum += (list[sample] ?? 0) * (times[sample] ?? 0)
      const shares = drawn[metric]
      if (shares !== undefined) shares[draw] = sum / list.length
    })
    let [sum, present] = [0, 0]
    for (let label = 0; label < classes; label++)
      if ((counts[label] ?? 0) > 0) {
        sum += (found[label] ?? 0) / (counts[label] ?? 1)
        present++
      }
    const recalls = drawn.at(-1)
    if (recalls !== undefined) recalls[draw] = sum / present
  }
  return drawn.map((shares) => {
    const sorted = shares.sort()
    return [sorted[DRAWS * 0.025] ?? 0, sorted[DRAWS * 0.975 - 1] ?? 0]
  })
}

const logits = (): string => {
  const [samples, classes] = [50_000, 1000]
  const labels = Int32Array.from({ length: samples }, (_, sample) => sample % classes)
  const all = new Float32Array(samples * classes)
  for (let sample = 0; sample < samples; sample++) {
    const start = (sample * 7919) % (2 ** 20 - classes)
    all.set(table.subarray(start, start + classes), sample * classes)
    all[sample * classes + (sample % classes)] = 2.5
  }
  const begun = performance.now()
  const keeper = new ClassAnswerKeeper(labels, classes, [1, 5])
  keeper.add(all, 0)
  const metrics = classificationMetrics(
    { benchmark: "bench", view: "class" },
    { draws: [keeper.answers], labels, keys: names(samples), classnames: names(classes) },
  )
  const { hits, predicted } = keeper.answers
  const right = Uint8Array.from(predicted, (answer, sample) => (answer === labels[sample] ? 1 : 0))
  const intervals = resample([hits.get(1) ?? right, hits.get(5) ?? right], right, labels, classes)
  const seconds = (performance.now() - begun) / 1000
  return JSON.stringify({ seconds, ...metrics.metrics, intervals })
}

const retrieval = async (images: number): Promise<string> => {
  const { similarityBlocks } = await import("../../../packages/stages/src/evaluation/scoring/similarity.ts")
  const { loadBackend } = await import("../../../packages/stages/src/tensor/index.ts")
  await loadBackend()
  const [captions, width] = [5, 512]
  const imageOfText = Int32Array.from({ length: images * captions }, (_, text) => Math.floor(text / captions))
  const rows = (count: number, mix: (row: number, column: number) => number) => {
    const values = new Float32Array(count * width)
    for (let row = 0; row < count; row++) {
      let square = 0
      for (let column = 0; column < width; column++) {
        const value = mix(row, column)
        values[row * width + column] = value
        square += value ** 2
      }
      for (let column = 0; column < width; column++)
        values[row * width + column] = (values[row * width + column] ?? 0) / Math.sqrt(square)
    }
    return { values, count, width }
  }
  const at = (row: number, column: number) => table[(row * 7919 + column * 31) % table.length] ?? 0
  const imageFeatures = rows(images, at)
  const textFeatures = rows(
    images * captions,
    (text, column) => at(imageOfText[text] ?? 0, column) * 0.12 + at(text + 100_003, column + 11),
  )
  const begun = performance.now()
  const found = retrieve(
    (use) => similarityBlocks(textFeatures, imageFeatures, use),
    { imageOfText, images },
    RECALLS,
  )
  const seconds = (performance.now() - begun) / 1000
  const share = (hits: Uint8Array = new Uint8Array()) => hits.reduce((sum, hit) => sum + hit, 0) / hits.length
  const recalls = RECALLS.map((k) => [k, share(found.imageHits.get(k)), share(found.textHits.get(k))])
  return JSON.stringify({ seconds, recalls })
}

const [, , work, images = "5000"] = process.argv
process.stdout.write(`${work === "logits" ? logits() : await retrieval(Number(images))}\n`)
