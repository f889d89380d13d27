import { floatTensor, integerTensor } from "../artefact-files.ts"
import {
  accuraciesOf,
  ClassAnswerKeeper,
  type ClassAnswers,
  classificationMetrics,
  multiLabelMetrics,
  type Scores,
} from "../metrics/index.ts"
import type { TextFeatures } from "../texts/index.ts"
import {
  aboutOf,
  type Draws,
  mapDraws,
  mismatch,
  type Scored,
  type ScoreRequest,
  type Sides,
} from "./score-request.ts"
import { similarityBlocks } from "./similarity.ts"

/** What CLIP_benchmark multiplies cosines by, whatever the model's own scale. */
const LOGIT_SCALE = 100

type Classes = Extract<TextFeatures, { readonly task: "classification" }>

/** Classification as CLIP_benchmark does it: each image goes to the class whose feature is nearest. */
export const scoreClasses = (sides: Sides<"classification">, request: ScoreRequest): Scored => {
  const { images, texts, draws } = sides
  const { keys, labels: given = [] } = images.samples
  const { classnames } = texts
  checkClasses(given, keys, texts)
  const labels = Int32Array.from(given)
  const ks = accuraciesOf(request.topK, classnames.length)
  const answers = mapDraws(draws, (features) => {
    const keeper = new ClassAnswerKeeper(labels, classnames.length, ks)
    similarityBlocks(features, texts.features, (block, start) => keeper.add(block, start), {
      scale: LOGIT_SCALE,
    })
    return keeper.answers
  })
  const about = aboutOf(request, images, texts.promptSet)
  return {
    metrics: classificationMetrics(about, { draws: answers, labels, keys, classnames }),
    predictions: {
      facts: { task: "classification", ...about, draws: draws.length, n: labels.length, classnames },
      samples: images.samples,
      tensors: [integerTensor("label", [labels.length], labels), ...answerTensors(answers, labels.length)],
    },
  }
}

const answerTensors = (draws: Draws<ClassAnswers>, n: number) => {
  const { shown } = draws[0]
  return [
    integerTensor("rank", [draws.length, n], joinInts(draws.map(({ ranks }) => ranks))),
    integerTensor("top", [draws.length, n, shown], joinInts(draws.map(({ top }) => top))),
    floatTensor("score", [draws.length, n, shown], joinFloats(draws.map(({ topScores }) => topScores))),
    floatTensor("own", [draws.length, n], joinFloats(draws.map(({ own }) => own))),
  ]
}

export const joinInts = (parts: ReadonlyArray<Int32Array>): Int32Array =>
  parts.length === 1 ? (parts[0] ?? new Int32Array()) : Int32Array.from(parts.flatMap((part) => [...part]))

export const joinFloats = (parts: ReadonlyArray<Float32Array>): Float32Array =>
  parts.length === 1
    ? (parts[0] ?? new Float32Array())
    : Float32Array.from(parts.flatMap((part) => [...part]))

const checkClasses = (
  labels: ReadonlyArray<number>,
  keys: ReadonlyArray<string>,
  { classnames }: Classes,
): void => {
  const wrong = labels.findIndex((label) => label >= classnames.length)
  if (wrong < 0) return
  throw mismatch(
    `sample ${keys[wrong]} has the class ${labels[wrong]}, but the list has classes 0 to ${classnames.length - 1}`,
  )
}

/** Multi-label classification: mean average precision over the classes. */
export const scoreLabels = (sides: Sides<"classification">, request: ScoreRequest): Scored => {
  const { images, texts, draws } = sides
  const { keys, targets: given = [] } = images.samples
  const { classnames } = texts
  const classes = classnames.length
  given.forEach((list, index) => {
    checkClasses(list, new Array<string>(list.length).fill(keys[index] ?? ""), texts)
  })
  const targets = new Uint8Array(keys.length * classes)
  given.forEach((list, sample) => {
    for (const label of list) targets[sample * classes + label] = 1
  })
  const scores = mapDraws(draws, (features): Scores => {
    const values = new Float32Array(features.count * classes)
    similarityBlocks(features, texts.features, (block, start) => values.set(block, start * classes), {
      scale: LOGIT_SCALE,
    })
    return { values, classes }
  })
  const about = aboutOf(request, images, texts.promptSet)
  const shape = [draws.length, keys.length, classes]
  return {
    metrics: multiLabelMetrics(about, { draws: scores, targets, keys, classnames }),
    predictions: {
      facts: { task: "multilabel", ...about, draws: draws.length, n: keys.length, classnames },
      samples: images.samples,
      tensors: [
        integerTensor("targets", [keys.length, classes], Int32Array.from(targets)),
        floatTensor("score", shape, joinFloats(scores.map(({ values }) => values))),
      ],
    },
  }
}
