import { MOST_WORST } from "./answers.ts"
import { type Facts, findPictures, nameOf, readColumns, readFacts, readSamples } from "./predictions.ts"
import type { Thumbnail } from "./thumbnail.ts"

/** What was answered wrongly, with the images that it is about. */
export interface Mistake {
  /** A statement, a caption, or what an image shows. */
  readonly text: string
  /** How wrong the answer is. */
  readonly told: string
  readonly images: ReadonlyArray<MistakenImage>
}

export interface MistakenImage {
  readonly role: string
  readonly picture: Thumbnail | undefined
}

/** The worst answers of one model to a benchmark that is no classification. */
export interface Mistakes {
  readonly name: string
  /** What the mistakes are, and how many of how many answers. */
  readonly about: string
  readonly worst: ReadonlyArray<Mistake>
}

/** A mistake before its pictures are found. */
interface Wrong {
  /** The larger the worse. */
  readonly size: number
  readonly text: string
  readonly told: string
  readonly images: ReadonlyArray<{ readonly role: string; readonly sample: number }>
}

/** Of a task: its wrong answers, and what they are called. */
interface Found {
  readonly about: string
  readonly answers: number
  readonly wrong: ReadonlyArray<Wrong>
}

/**
 * Reads the wrong answers among predictions of pairs, of retrieval and of images with several classes, as
 * `evaluate/score` leaves them; a random view's are of its first draw.
 *
 * @param images benchmarks of any layout, for pictures
 */
export const readMistakes = async (
  folder: string,
  images: ReadonlyArray<string>,
): Promise<Mistakes | undefined> => {
  const facts = await readFacts(folder)
  const find = TASKS[facts.task]
  if (find === undefined) return undefined
  const { keys, digests } = await readSamples(folder)
  const { about, answers, wrong } = find(facts, await readColumns(folder), keys.length)
  const order = wrong.map((one, place) => ({ one, place }))
  order.sort((a, b) => b.one.size - a.one.size || a.place - b.place)
  const worst = order.slice(0, MOST_WORST).map(({ one }) => one)
  const digestOf = (sample: number): string => digests[sample] ?? ""
  const pictures = await findPictures(
    images,
    worst.flatMap((one) => one.images.map(({ sample }) => digestOf(sample))),
  )
  return {
    name: nameOf(facts),
    about: `${wrong.length} of ${answers} ${about}`,
    worst: worst.map(({ text, told, images }) => ({
      text,
      told,
      images: images.map(({ role, sample }) => ({ role, picture: pictures.get(digestOf(sample)) })),
    })),
  }
}

type Column = (name: string) => ArrayLike<number>

/** Statements that picked the other image of their pair: MMVP's share of their own is no more than one half. */
const ofPairs = ({ texts = [] }: Facts, column: Column): Found => {
  const logits = column("logits")
  const wrong = texts.flatMap((text, statement): ReadonlyArray<Wrong> => {
    const other = statement + (statement % 2 === 0 ? 1 : -1)
    const scoreOf = (image: number): number => logits[2 * statement + (image % 2)] ?? 0
    const excess = scoreOf(other) - scoreOf(statement)
    // With equal scores a statement picks the second image.
    if (excess < 0 || (excess === 0 && statement % 2 === 1)) return []
    const images = [
      { role: "its own", sample: statement },
      { role: "picked", sample: other },
    ]
    return [{ size: excess, text, told: `by ${excess.toFixed(1)}`, images }]
  })
  return {
    about:
      "statements picked the other image of their pair; below are those that were most sure, by how much the other image scored above their own, in logits.",
    answers: texts.length,
    wrong,
  }
}

/** Captions for which another image was found before their own. */
const ofRetrieval = ({ texts = [] }: Facts, column: Column, count: number): Found => {
  const [own, ranks, top] = [column("image-of-text"), column("image-rank"), column("top-images")]
  const shown = top.length / Math.max(1, ranks.length)
  const wrong = texts.flatMap((text, place): ReadonlyArray<Wrong> => {
    const rank = ranks[place] ?? 0
    if (rank === 0) return []
    const images = [
      { role: "its own", sample: own[place] ?? 0 },
      { role: "found first", sample: top[place * shown] ?? 0 },
    ]
    return [{ size: rank, text, told: `its own is number ${rank + 1} of ${count}`, images }]
  })
  return {
    about: "captions found another image first; below are those whose own image was found last.",
    answers: texts.length,
    wrong,
  }
}

/** Images for which a class that they don't have scored above all that they have. */
const ofLabels = ({ classnames = [] }: Facts, column: Column, count: number): Found => {
  const [targets, scores] = [column("targets"), column("score")]
  const classes = classnames.length
  const wrong = Array.from({ length: count }, (_, sample) => sample).flatMap(
    (sample): ReadonlyArray<Wrong> => {
      const labels = classnames.map((_, label) => label)
      const scoreOf = (label: number): number => scores[sample * classes + label] ?? 0
      const best = (wanted: 0 | 1) =>
        labels
          .filter((label) => targets[sample * classes + label] === wanted)
          .sort((a, b) => scoreOf(b) - scoreOf(a))
      const [own, others] = [best(1), best(0)]
      const [first, other] = [own[0], others[0]]
      if (first === undefined || other === undefined || scoreOf(other) <= scoreOf(first)) return []
      const excess = scoreOf(other) - scoreOf(first)
      const names = own.map((label) => classnames[label] ?? "").join(", ")
      const text = `${classnames[other] ?? ""} for ${names}`
      return [{ size: excess, text, told: `by ${excess.toFixed(1)}`, images: [{ role: "", sample }] }]
    },
  )
  return {
    about:
      "images had a class that is not theirs above all that are; below are those that were most sure, by how much it scored above, in logits.",
    answers: count,
    wrong,
  }
}

const TASKS: Readonly<Record<string, (facts: Facts, column: Column, images: number) => Found>> = {
  pairs: ofPairs,
  retrieval: ofRetrieval,
  multilabel: ofLabels,
}
