import { bootstrap, type Interval, mean, percentileInterval } from "../../statistics/index.ts"
import type { Metrics } from "./metrics-file.ts"
import type { RetrievalAnswers } from "./retrieval.ts"
import {
  asText,
  digestOf,
  type Evaluated,
  head,
  intervalStream,
  means,
  shareInterval,
  shares,
  spreadOf,
} from "./scored.ts"

/** The recalls that CLIP papers report. */
export const RECALLS: ReadonlyArray<number> = [1, 5, 10]

/** A retrieval benchmark's answers; the texts of an image stand together, in the images' order. */
export interface FoundMatches {
  /** One for each draw of the view. */
  readonly draws: readonly [RetrievalAnswers, ...ReadonlyArray<RetrievalAnswers>]
  /** How many captions each image has. */
  readonly captions: ReadonlyArray<number>
  readonly keys: ReadonlyArray<string>
}

/** Recall at k: of the image for a text (`image_retrieval`) and of a text for an image (`text_retrieval`). */
export const retrievalMetrics = (about: Evaluated, { draws, captions, keys }: FoundMatches): Metrics => {
  const images = captions.length
  const none = new Uint8Array()
  const hits = Object.fromEntries(
    [...draws[0].imageHits.keys()].flatMap((k) => [
      [`image_retrieval_recall@${k}`, draws.map(({ imageHits }) => imageHits.get(k) ?? none)],
      [`text_retrieval_recall@${k}`, draws.map(({ textHits }) => textHits.get(k) ?? none)],
    ]),
  )
  const each = <A>(give: (draws: ReadonlyArray<Uint8Array>, name: string) => A): Record<string, A> =>
    Object.fromEntries(Object.entries(hits).map(([name, list]) => [name, give(list, name)]))
  const values = each((list) => list.map(mean))
  return {
    ...head("retrieval", about, draws.length, images),
    metrics: means(values),
    intervals: each((list, name) =>
      name.startsWith("image") && captions.some((count) => count !== 1)
        ? clusteredInterval(list, captions, name)
        : shareInterval(list),
    ),
    ...spreadOf(values),
    chance: each((_, name) => retrievalChance(name, images, captions)),
    items: { digest: digestOf(keys), groups: [...captions], outcomes: each((list) => list.map(asText)) },
  }
}

/** Captions of one image are right or wrong together, so images are what is resampled. */
const clusteredInterval = (
  draws: ReadonlyArray<Uint8Array>,
  sizes: ReadonlyArray<number>,
  purpose: string,
): Interval =>
  percentileInterval(
    bootstrap({ of: [shares(draws)], grouping: { kind: "clusters", sizes } }, intervalStream(purpose)),
  )

/** The chance that a random order has a match among the first k. */
const retrievalChance = (name: string, images: number, captions: ReadonlyArray<number>): number => {
  const k = Number(name.slice(name.indexOf("@") + 1))
  if (name.startsWith("image")) return Math.min(1, k / images)
  const texts = captions.reduce((sum, count) => sum + count, 0)
  const missed = (own: number): number => {
    let chance = 1
    for (let place = 0; place < k; place++)
      chance *= Math.max(0, texts - own - place) / Math.max(1, texts - place)
    return chance
  }
  return 1 - mean(captions.map(missed))
}
