import { circle, ellipse, filled, type Point, placed, polygon, turned } from "../drawing.ts"
import { COLOURS, centre, INK, type Topic, thing } from "../scene.ts"

const QUARTERS: Readonly<Record<string, number>> = { up: 0, right: 1, down: 2, left: 3 }

const ARROW: ReadonlyArray<Point> = [
  [0, -1.15],
  [0.9, -0.1],
  [0.35, -0.1],
  [0.35, 1.1],
  [-0.35, 1.1],
  [-0.35, -0.1],
  [-0.9, -0.1],
]

const arrow: Topic = {
  name: "arrow direction",
  category: "Orientation and Direction",
  values: ["left", "right", "up", "down"],
  nouns: ["arrow"],
  draw: (scene) =>
    polygon(
      placed(turned(ARROW, QUARTERS[scene.value] ?? 0), centre(scene), scene.size),
      filled(COLOURS[scene.colour]),
    ),
  coarse: thing,
  fine: (scene) => `${thing(scene)} pointing ${scene.value}`,
}

const WEDGE: ReadonlyArray<Point> = [
  [0, -1.1],
  [0.75, 0.9],
  [0, 0.5],
  [-0.75, 0.9],
]

const wedge: Topic = {
  name: "plane direction",
  category: "Orientation and Direction",
  values: ["left", "right", "up", "down"],
  nouns: ["plane"],
  draw: (scene) =>
    polygon(
      placed(turned(WEDGE, QUARTERS[scene.value] ?? 0), centre(scene), scene.size),
      filled(COLOURS[scene.colour]),
    ),
  coarse: thing,
  fine: (scene) => `${thing(scene)} flying ${scene.value}`,
}

const TAIL: ReadonlyArray<Point> = [
  [0.5, 0],
  [1.15, -0.65],
  [1.15, 0.65],
]

const fish: Topic = {
  name: "fish direction",
  category: "Orientation and Direction",
  values: ["left", "right"],
  nouns: ["fish"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const side = scene.value === "left" ? 1 : -1
    const tail = TAIL.map(([px, py]): Point => [px * side, py])
    const colour = filled(COLOURS[scene.colour])
    return (
      polygon(placed(tail, [x, y], scene.size), colour) +
      ellipse([x - 0.2 * side * scene.size, y], scene.size, scene.size * 0.65, colour) +
      circle([x - 0.7 * side * scene.size, y - 0.15 * scene.size], 2.5, filled(INK))
    )
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} facing ${scene.value}`,
}

export const orientationTopics: ReadonlyArray<Topic> = [arrow, wedge, fish]
