import {
  circle,
  edged,
  ellipse,
  filled,
  type Point,
  placed,
  polygon,
  rectangle,
  stroked,
} from "../drawing.ts"
import { COLOURS, centre, INK, type Topic, thing } from "../scene.ts"

const category = "Viewpoint and Perspective"

const coin: Topic = {
  name: "view of a coin",
  category,
  values: ["the front", "an angle", "the side"],
  nouns: ["coin"],
  draw: (scene) => {
    const widths: Readonly<Record<string, number>> = { "the front": 1, "an angle": 0.55, "the side": 0.2 }
    const width = widths[scene.value] ?? 1
    const s = scene.size
    const rim = ellipse(centre(scene), s * width, s, filled(COLOURS[scene.colour]))
    return width < 0.3 ? rim : rim + ellipse(centre(scene), s * width * 0.65, s * 0.65, stroked(INK, 2))
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} seen from ${scene.value}`,
}

const pot: Topic = {
  name: "view of a pot",
  category,
  values: ["above", "the side"],
  nouns: ["pot"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const colour = filled(COLOURS[scene.colour])
    if (scene.value === "above")
      return (
        rectangle([x, y], s * 1.25, 3, colour) +
        circle([x, y], s, colour) +
        circle([x, y], s * 0.7, filled(INK))
      )
    const body: ReadonlyArray<Point> = [
      [-0.95, -0.5],
      [0.95, -0.5],
      [0.8, 0.8],
      [-0.8, 0.8],
    ]
    return (
      polygon(placed(body, [x, y], s), colour) +
      rectangle([x, y - s * 0.45], s * 1.25, 3, colour) +
      rectangle([x, y - s * 0.5], s * 0.95, 2, filled(INK))
    )
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} seen from ${scene.value}`,
}

const cube: Topic = {
  name: "view of a cube",
  category,
  values: ["the front", "a corner"],
  nouns: ["cube"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const face = edged(COLOURS[scene.colour], INK, 2)
    if (scene.value === "the front") return rectangle([x, y], s * 0.85, s * 0.85, face)
    const top: ReadonlyArray<Point> = [
      [0, -1.1],
      [0.95, -0.55],
      [0, 0],
      [-0.95, -0.55],
    ]
    const left: ReadonlyArray<Point> = [
      [-0.95, -0.55],
      [0, 0],
      [0, 1.1],
      [-0.95, 0.55],
    ]
    const right = left.map(([px, py]): Point => [-px, py])
    return [top, left, right].map((side) => polygon(placed(side, [x, y], s), face)).join("")
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} seen from ${scene.value}`,
}

const car: Topic = {
  name: "view of a car",
  category,
  values: ["the front", "the side"],
  nouns: ["car"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const colour = filled(COLOURS[scene.colour])
    const glass = filled("#ffffff")
    if (scene.value === "the front")
      return (
        rectangle([x - s * 0.6, y + s * 0.7], s * 0.22, s * 0.3, filled(INK)) +
        rectangle([x + s * 0.6, y + s * 0.7], s * 0.22, s * 0.3, filled(INK)) +
        rectangle([x, y + s * 0.2], s * 0.85, s * 0.5, colour) +
        rectangle([x, y - s * 0.4], s * 0.65, s * 0.45, colour) +
        rectangle([x, y - s * 0.35], s * 0.5, s * 0.25, glass) +
        circle([x - s * 0.55, y + s * 0.25], s * 0.17, glass) +
        circle([x + s * 0.55, y + s * 0.25], s * 0.17, glass)
      )
    return (
      rectangle([x, y + s * 0.2], s * 1.3, s * 0.35, colour) +
      rectangle([x - s * 0.1, y - s * 0.35], s * 0.7, s * 0.4, colour) +
      rectangle([x - s * 0.45, y - s * 0.3], s * 0.25, s * 0.25, glass) +
      rectangle([x + s * 0.25, y - s * 0.3], s * 0.25, s * 0.25, glass) +
      circle([x - s * 0.75, y + s * 0.6], s * 0.32, filled(INK)) +
      circle([x + s * 0.75, y + s * 0.6], s * 0.32, filled(INK))
    )
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} seen from ${scene.value}`,
}

export const viewpointTopics: ReadonlyArray<Topic> = [coin, pot, cube, car]
