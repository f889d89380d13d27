import type { RandomStream } from "../../randomness/index.ts"
import {
  BACKGROUNDS,
  type Background,
  CATEGORIES,
  type Category,
  COLOURS,
  type Colour,
  type Scene,
} from "./scene.ts"
import { topicsByCategory } from "./topics/index.ts"

/** Two scenes that are the same but for their `value`. */
export interface ScenePair {
  readonly category: Category
  readonly first: Scene
  readonly second: Scene
}

/** A random scene; every category is as likely as any other, and in it every topic. */
export const randomScene = (stream: RandomStream): Scene =>
  randomPair(stream, choose(stream, CATEGORIES)).first

/** Two random scenes of the category that differ in one detail. */
export const randomPair = (stream: RandomStream, category: Category): ScenePair => {
  const topic = choose(stream, topicsByCategory.get(category) ?? [])
  const colour = choose(stream, COLOUR_NAMES)
  const common = {
    topic: topic.name,
    noun: choose(stream, topic.nouns),
    colour,
    accent: choose(
      stream,
      COLOUR_NAMES.filter((name) => name !== colour),
    ),
    background: choose(stream, BACKGROUND_NAMES),
    shift: { x: stream.integer(9) - 4, y: stream.integer(9) - 4 },
    size: 17 + stream.integer(5),
  }
  const value = choose(stream, topic.values)
  const others = topic.values.filter((other) => other !== value)
  return { category, first: { ...common, value }, second: { ...common, value: choose(stream, others) } }
}

const namesOf = <Name extends string>(record: Readonly<Record<Name, string>>): ReadonlyArray<Name> =>
  Object.keys(record).filter((name): name is Name => name in record)

const COLOUR_NAMES: ReadonlyArray<Colour> = namesOf(COLOURS)
const BACKGROUND_NAMES: ReadonlyArray<Background> = namesOf(BACKGROUNDS)

const choose = <A>(stream: RandomStream, choices: ReadonlyArray<A>): A => {
  const chosen = choices[stream.integer(Math.max(1, choices.length))]
  if (chosen === undefined) throw new Error("nothing to choose from")
  return chosen
}
