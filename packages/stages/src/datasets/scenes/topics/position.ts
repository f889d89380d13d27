import { edged, filled, type Point } from "../drawing.ts"
import { COLOURS, centre, INK, type Scene, type Topic, thing, withArticle } from "../scene.ts"
import { drawShape } from "../shapes.ts"

const category = "Positional and Relational Context"

const PLACES: Readonly<Record<string, Point>> = {
  left: [-15, 0],
  right: [15, 0],
  top: [0, -15],
  bottom: [0, 15],
}

const corner: Topic = {
  name: "place in the image",
  category,
  values: ["left", "right", "top", "bottom"],
  nouns: ["circle", "square", "triangle", "star", "diamond"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const [dx, dy] = PLACES[scene.value] ?? [0, 0]
    return drawShape(scene.noun, [x + dx, y + dy], scene.size * 0.65, filled(COLOURS[scene.colour]))
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} at the ${scene.value}`,
}

const other = (scene: Scene): string => withArticle(`${scene.accent} square`)

const DIRECTIONS: Readonly<Record<string, Point>> = {
  "to the left of": [-14, 0],
  "to the right of": [14, 0],
  above: [0, -14],
  below: [0, 14],
}

const relation: Topic = {
  name: "two things beside each other",
  category,
  values: ["to the left of", "to the right of", "above", "below"],
  nouns: ["circle", "triangle", "star", "diamond"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const [dx, dy] = DIRECTIONS[scene.value] ?? [0, 0]
    return (
      drawShape(scene.noun, [x + dx, y + dy], scene.size * 0.6, filled(COLOURS[scene.colour])) +
      drawShape("square", [x - dx, y - dy], scene.size * 0.6, filled(COLOURS[scene.accent]))
    )
  },
  coarse: (scene) => `${thing(scene)} and ${other(scene)}`,
  fine: (scene) => `${thing(scene)} ${scene.value} ${other(scene)}`,
}

const overlap: Topic = {
  name: "in front or behind",
  category,
  values: ["in front of", "behind"],
  nouns: ["circle", "triangle", "star"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const size = scene.size * 0.75
    const first = drawShape(scene.noun, [x - 5, y - 5], size, edged(COLOURS[scene.colour], INK, 1.5))
    const second = drawShape("square", [x + 5, y + 5], size, edged(COLOURS[scene.accent], INK, 1.5))
    return scene.value === "behind" ? first + second : second + first
  },
  coarse: (scene) => `${thing(scene)} and ${other(scene)}`,
  fine: (scene) => `${thing(scene)} ${scene.value} ${other(scene)}`,
}

export const positionTopics: ReadonlyArray<Topic> = [corner, relation, overlap]
