import { CATEGORIES, type Category, type Scene, type Topic } from "../scene.ts"
import { appearanceTopics } from "./appearance.ts"
import { featureTopics } from "./features.ts"
import { orientationTopics } from "./orientation.ts"
import { positionTopics } from "./position.ts"
import { quantityTopics } from "./quantity.ts"
import { stateTopics } from "./state.ts"
import { structureTopics } from "./structure.ts"
import { textTopics } from "./texts.ts"
import { viewpointTopics } from "./viewpoint.ts"

/** Every family of scenes. */
export const topics: ReadonlyArray<Topic> = [
  ...orientationTopics,
  ...featureTopics,
  ...stateTopics,
  ...quantityTopics,
  ...positionTopics,
  ...appearanceTopics,
  ...structureTopics,
  ...textTopics,
  ...viewpointTopics,
]

const byName = new Map(topics.map((topic) => [topic.name, topic]))

/** The topics of each category, in MMVP's order of categories. */
export const topicsByCategory: ReadonlyMap<Category, ReadonlyArray<Topic>> = new Map(
  CATEGORIES.map((category) => [category, topics.filter((topic) => topic.category === category)]),
)

/** The topic that a scene belongs to. */
export const topicOf = (scene: Scene): Topic => {
  const topic = byName.get(scene.topic)
  if (topic === undefined) throw new Error(`no scenes are drawn of "${scene.topic}"`)
  return topic
}
