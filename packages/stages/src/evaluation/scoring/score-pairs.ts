import { floatTensor, integerTensor } from "../artefact-files.ts"
import type { Features } from "../features.ts"
import { isPairRight, type PairScores, pairMetrics, type ScoredPair, shareOfFirst } from "../metrics/index.ts"
import { aboutOf, type Scored, type ScoreRequest, type Sides } from "./score-request.ts"
import { checkSame } from "./score-retrieval.ts"

/** MMVP-VLM's protocol: each statement picks one of its pair's images by a softmax over both. */
export const scorePairs = (sides: Sides<"pairs">, request: ScoreRequest): Scored => {
  const { images, texts, draws, logitScale } = sides
  const { keys, questions = [] } = images.samples
  checkSame(keys, texts.keys)
  const about = aboutOf(request, images)
  const pairs = Array.from({ length: keys.length / 2 }, (_, index): ScoredPair => {
    const [first, second] = [questions[2 * index], questions[2 * index + 1]]
    return {
      pair: `${first?.id}/${second?.id}`,
      category: first?.category ?? "",
      draws: draws.map((features) =>
        logitsOf(texts.features, features, 2 * index, logitScale, images.logitBias),
      ),
    }
  })
  const right = pairs.map((pair) => pair.draws.map((scores) => (isPairRight(scores) ? 1 : 0)))
  const shape = [draws.length, pairs.length]
  const each = <A>(give: (scores: PairScores, pair: number, draw: number) => ReadonlyArray<A>) =>
    draws.flatMap((_, draw) =>
      pairs.flatMap((pair, index) => {
        const scores = pair.draws[draw]
        return scores === undefined ? [] : give(scores, index, draw)
      }),
    )
  return {
    metrics: pairMetrics(about, pairs),
    predictions: {
      facts: { task: "pairs", ...about, draws: draws.length, n: pairs.length, texts: texts.texts },
      samples: images.samples,
      tensors: [
        floatTensor(
          "logits",
          [...shape, 2, 2],
          Float32Array.from(each(({ first, second }) => [...first, ...second])),
        ),
        integerTensor("right", shape, Int32Array.from(each((_, pair, draw) => [right[pair]?.[draw] ?? 0]))),
      ],
      questions: each((scores, pair, draw) =>
        ([0, 1] as const).map((side) => {
          const question = questions[2 * pair + side]
          const logits = side === 0 ? scores.first : scores.second
          const share = shareOfFirst(logits)
          return {
            draw,
            pair: pairs[pair]?.pair,
            question: question?.id,
            category: question?.category,
            statement: question?.statement,
            key: keys[2 * pair + side],
            logits,
            probability: side === 0 ? share : shareOfFirst([logits[1], logits[0]]),
            right: share > 0.5 === (side === 0),
            "pair-right": right[pair]?.[draw] === 1,
          }
        }),
      ),
    },
  }
}

const logitsOf = (
  texts: Features,
  images: Features,
  row: number,
  scale: number,
  bias: number,
): PairScores => {
  const logit = (text: number, image: number): number =>
    Math.fround(scale * product(texts, text, images, image) + bias)
  return {
    first: [logit(row, row), logit(row, row + 1)],
    second: [logit(row + 1, row), logit(row + 1, row + 1)],
  }
}

const product = (a: Features, rowOfA: number, b: Features, rowOfB: number): number => {
  let sum = 0
  for (let column = 0; column < a.width; column++)
    sum += (a.values[rowOfA * a.width + column] ?? 0) * (b.values[rowOfB * b.width + column] ?? 0)
  return sum
}
