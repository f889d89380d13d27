import { permanent } from "@diva-pipeline/core"
import { RandomStream } from "../../randomness/index.ts"
import { fineCaption } from "./captions.ts"
import { randomPair, randomScene, type ScenePair } from "./sampling.ts"
import { CATEGORIES, type Scene } from "./scene.ts"
import { sceneElements } from "./svg.ts"

const STAGE = "dataset/scenes"

/** After this many draws without a new one there is none left to be found in reasonable time. */
const PATIENCE = 1000

/** How many scenes of each sort are wanted. */
export interface CollectionSize {
  readonly training: number
  readonly pairsPerCategory: number
  readonly retrieval: number
}

/** Scenes for training and for both benchmarks. No scene of one looks like a scene of another. */
export interface SceneCollection {
  readonly training: ReadonlyArray<Scene>
  /** By category in MMVP's order. */
  readonly pairs: ReadonlyArray<ScenePair>
  /** Their fine captions are all different. */
  readonly retrieval: ReadonlyArray<Scene>
}

/**
 * Draws scenes, each from a random stream of its own, so that the first thousand are the same however many are
 * wanted. The benchmarks come first; training scenes that look like one of theirs are drawn again.
 */
export const collectScenes = (seed: number, wanted: CollectionSize): SceneCollection => {
  const taken = new Set<string>()
  const take = (...scenes: ReadonlyArray<Scene>): boolean => {
    const looks = scenes.map(sceneElements)
    if (looks.some((look) => taken.has(look))) return false
    for (const look of looks) taken.add(look)
    return true
  }
  const pairs = CATEGORIES.flatMap((category) =>
    Array.from({ length: wanted.pairsPerCategory }, (_, index) =>
      draw(seed, ["pair", category, index], (stream) => {
        const pair = randomPair(stream, category)
        return take(pair.first, pair.second) ? pair : undefined
      }),
    ),
  )
  const captions = new Set<string>()
  const retrieval = Array.from({ length: wanted.retrieval }, (_, index) =>
    draw(seed, ["retrieval", index], (stream) => {
      const scene = randomScene(stream)
      const caption = fineCaption(scene)
      if (captions.has(caption) || !take(scene)) return undefined
      captions.add(caption)
      return scene
    }),
  )
  const training = Array.from({ length: wanted.training }, (_, index) =>
    draw(seed, ["training", index], (stream) => {
      const scene = randomScene(stream)
      return taken.has(sceneElements(scene)) ? undefined : scene
    }),
  )
  return { training, pairs, retrieval }
}

const draw = <A>(
  seed: number,
  purpose: ReadonlyArray<string | number>,
  attempt: (stream: RandomStream) => A | undefined,
): A => {
  const stream = RandomStream.named(seed, STAGE, ...purpose)
  for (let tries = 0; tries < PATIENCE; tries++) {
    const found = attempt(stream)
    if (found !== undefined) return found
  }
  throw permanent(`no further scene for "${purpose.join(" ")}" was found in ${PATIENCE} draws`, {
    hint: "Ask for fewer scenes: retrieval-count or pairs-per-category is more than there are different ones.",
  })
}
