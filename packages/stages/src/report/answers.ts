import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { type TSchema, Type } from "typebox"
import { Value } from "typebox/value"
import type { BenchmarkSample } from "../evaluation/benchmarks/index.ts"
import { readSafetensors } from "../formats/index.ts"
import { type Thumbnail, thumbnail } from "./thumbnail.ts"

/** How often images of one class got one answer. */
export interface Confusion {
  readonly label: number
  readonly answer: number
  readonly count: number
  /** Of the class's images. */
  readonly share: number
}

/** An image that was answered wrongly, with how sure the model was. */
export interface WorstAnswer {
  readonly key: string
  readonly label: string
  readonly answer: string
  /** How much higher the wrong class scored than the right one: logits, 100 × cosine. */
  readonly excess: number
  readonly picture: Thumbnail | undefined
}

/** What one model has answered to a classification benchmark. */
export interface Answers {
  readonly name: string
  readonly n: number
  /** The classes that are shown: all, or those that were mistaken most. */
  readonly classes: ReadonlyArray<string>
  /** How many there are in all. */
  readonly classCount: number
  /** Of the shown classes, by their places in `classes`. */
  readonly confusion: ReadonlyArray<Confusion>
  readonly worst: ReadonlyArray<WorstAnswer>
}

/** More classes than this are no picture any more. */
const MOST_CLASSES = 20
const MOST_WORST = 12

const PredictionsFile = Type.Object({
  task: Type.String(),
  benchmark: Type.String(),
  model: Type.Optional(Type.String()),
  view: Type.String(),
  n: Type.Integer({ minimum: 1 }),
  classnames: Type.Optional(Type.Array(Type.String())),
})
const SamplesFile = Type.Object({ keys: Type.Array(Type.String()), digests: Type.Array(Type.String()) })

/**
 * Reads predictions of a classification, as `evaluate/score` leaves them; those of other tasks have no confusion.
 *
 * @param images benchmarks of any layout, for pictures of the worst answers
 */
export const readAnswers = async (
  folder: string,
  images: ReadonlyArray<string>,
): Promise<Answers | undefined> => {
  const about = await readJson(join(folder, "predictions.json"), PredictionsFile)
  const { task, classnames } = about
  if (task !== "classification" || classnames === undefined) return undefined
  const samples = await readJson(join(folder, "samples.json"), SamplesFile)
  const tensors = await readSafetensors(join(folder, "predictions.safetensors"))
  const column = (name: string): ArrayLike<number> => numbersOf(tensors.get(name)?.data)
  const [labels, top, score, own] = [column("label"), column("top"), column("score"), column("own")]
  const k = Math.max(1, Math.round(top.length / Math.max(1, own.length)))
  const answers = Int32Array.from({ length: about.n }, (_, sample) => top[sample * k] ?? 0)
  const shown = shownClasses(labels, answers, classnames.length)
  const wrong = Array.from(answers, (answer, sample) => ({
    sample,
    answer,
    label: labels[sample] ?? 0,
    excess: (score[sample * k] ?? 0) - (own[sample] ?? 0),
  })).filter(({ answer, label }) => answer !== label)
  const worst = wrong.sort((a, b) => b.excess - a.excess || a.sample - b.sample).slice(0, MOST_WORST)
  const pictures = await findPictures(
    images,
    worst.map(({ sample }) => samples.digests[sample] ?? ""),
  )
  const name = [about.model, about.benchmark].filter((part) => part !== undefined).join(", ")
  return {
    name: about.view === "class" ? name : `${name} (${about.view} view)`,
    n: about.n,
    classes: shown.map((label) => classnames[label] ?? ""),
    classCount: classnames.length,
    confusion: confusionOf(labels, answers, shown),
    worst: worst.map(({ sample, answer, label, excess }) => ({
      key: samples.keys[sample] ?? "",
      label: classnames[label] ?? "",
      answer: classnames[answer] ?? "",
      excess,
      picture: pictures.get(samples.digests[sample] ?? ""),
    })),
  }
}

const readJson = async <const Schema extends TSchema>(file: string, schema: Schema) => {
  const value: unknown = JSON.parse(await readFile(file, "utf8"))
  if (Value.Check(schema, value)) return value
  throw permanent("this is no file of predictions", {
    file,
    hint: "predictions are an output of evaluate/score",
  })
}

const numbersOf = (data: unknown): ArrayLike<number> =>
  data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array ? data : []

/** All classes that have images; of many those with the most mistakes. */
const shownClasses = (
  labels: ArrayLike<number>,
  answers: Int32Array,
  classes: number,
): ReadonlyArray<number> => {
  const [images, mistakes] = [new Int32Array(classes), new Int32Array(classes)]
  answers.forEach((answer, sample) => {
    const label = labels[sample] ?? 0
    images[label] = (images[label] ?? 0) + 1
    if (answer === label) return
    mistakes[label] = (mistakes[label] ?? 0) + 1
    mistakes[answer] = (mistakes[answer] ?? 0) + 1
  })
  const present = Array.from(images.keys()).filter(
    (label) => (images[label] ?? 0) + (mistakes[label] ?? 0) > 0,
  )
  if (present.length <= MOST_CLASSES) return present
  const most = present.sort((a, b) => (mistakes[b] ?? 0) - (mistakes[a] ?? 0) || a - b).slice(0, MOST_CLASSES)
  return most.sort((a, b) => a - b)
}

const confusionOf = (
  labels: ArrayLike<number>,
  answers: Int32Array,
  shown: ReadonlyArray<number>,
): ReadonlyArray<Confusion> =>
  shown.flatMap((label, place) => {
    const given = answers.filter((_, sample) => labels[sample] === label)
    return shown.map((answer, other) => {
      const count = given.filter((one) => one === answer).length
      return { label: place, answer: other, count, share: given.length === 0 ? 0 : count / given.length }
    })
  })

/** Splits that a benchmark may have been scored on, in the order in which they are looked through. */
const SPLITS = ["test", "val", "validation"]

/** Pictures by the beginnings of their SHA-256, as far as the benchmarks have them, of whatever layout. */
const findPictures = async (sources: ReadonlyArray<string>, digests: ReadonlyArray<string>) => {
  const wanted = new Set(digests)
  const found = new Map<string, Thumbnail>()
  for (const source of sources)
    for await (const { image } of samplesOf(source)) {
      const digest = createHash("sha256").update(image).digest("hex").slice(0, 32)
      if (!wanted.delete(digest)) continue
      const picture = await thumbnail(image)
      if (picture !== undefined) found.set(digest, picture)
      if (wanted.size === 0) return found
    }
  return found
}

/** The samples of all splits that there are. */
async function* samplesOf(source: string): AsyncGenerator<BenchmarkSample> {
  const { openBenchmark } = await import("../evaluation/benchmarks/index.ts")
  const opened = await Promise.allSettled(SPLITS.map((split) => openBenchmark(source, split)))
  const there = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
  const [refused] = opened
  if (there.length === 0 && refused?.status === "rejected") throw refused.reason
  for (const benchmark of there) yield* benchmark.samples()
}
