import type { Scene } from "./scene.ts"
import { topicOf } from "./topics/index.ts"

/** What a scene shows, silent about its fine detail: "a red arrow on pink". */
export const coarseCaption = (scene: Scene): string =>
  `${topicOf(scene).coarse(scene)} on ${scene.background}`

/** What a scene shows with its fine detail: "a red arrow pointing left". */
export const fineCaption = (scene: Scene): string => topicOf(scene).fine(scene)
