import { findPictures, nameOf, readColumns, readFacts, readSamples } from "./predictions.ts"
import type { Thumbnail } from "./thumbnail.ts"

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

/** Mistakes shown of each benchmark. */
export const MOST_WORST = 12

/**
 * Reads predictions of a classification, as `evaluate/score` leaves them; those of other tasks have no confusion.
 *
 * @param images benchmarks of any layout, for pictures of the worst answers
 */
export const readAnswers = async (
  folder: string,
  images: ReadonlyArray<string>,
): Promise<Answers | undefined> => {
  const about = await readFacts(folder)
  const { task, classnames } = about
  if (task !== "classification" || classnames === undefined) return undefined
  const samples = await readSamples(folder)
  const column = await readColumns(folder)
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
  return {
    name: nameOf(about),
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
