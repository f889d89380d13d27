import {
  circle,
  curve,
  ellipse,
  filled,
  type Point,
  polygon,
  polyline,
  rectangle,
  stroked,
} from "../drawing.ts"
import { COLOURS, centre, INK, type Topic, thing, withArticle } from "../scene.ts"
import { drawShape, SHAPES } from "../shapes.ts"

const category = "State and Condition"

const outlined: Topic = {
  name: "filled or outlined",
  category,
  values: ["filled", "outlined"],
  nouns: SHAPES,
  draw: (scene) => {
    const colour = COLOURS[scene.colour]
    const paint = scene.value === "filled" ? filled(colour) : stroked(colour, 4)
    return drawShape(scene.noun, centre(scene), scene.size, paint)
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} ${scene.noun}`),
}

const box: Topic = {
  name: "open or closed box",
  category,
  values: ["open", "closed"],
  nouns: ["box"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const colour = filled(COLOURS[scene.colour])
    const body = rectangle([x, y + s * 0.5], s, s * 0.6, colour)
    const opened =
      ellipse([x, y - s * 0.1], s, s * 0.22, filled(INK)) +
      polyline(
        [
          [x - s, y - s * 0.15],
          [x - s * 0.4, y - s * 1.3],
        ],
        stroked(INK, 4),
      )
    const shut = rectangle([x, y - s * 0.2], s * 1.15, s * 0.16, filled(INK))
    return body + (scene.value === "open" ? opened : shut)
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} box`),
}

const mood: Topic = {
  name: "happy or sad face",
  category,
  values: ["happy", "sad"],
  nouns: ["face"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const bend = scene.value === "happy" ? 1 : -1
    const mouth = y + s * (scene.value === "happy" ? 0.25 : 0.6)
    return (
      circle([x, y], s, filled(COLOURS[scene.colour])) +
      circle([x - s * 0.4, y - s * 0.3], s * 0.15, filled(INK)) +
      circle([x + s * 0.4, y - s * 0.3], s * 0.15, filled(INK)) +
      curve([x - s * 0.55, mouth], [x, mouth + bend * s * 0.7], [x + s * 0.55, mouth], stroked(INK, 3.5))
    )
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} face`),
}

const candle: Topic = {
  name: "lit or unlit candle",
  category,
  values: ["lit", "unlit"],
  nouns: ["candle"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const flame: ReadonlyArray<Point> = [
      [x, y - s * 1.4],
      [x + s * 0.45, y - s * 0.75],
      [x, y - s * 0.45],
      [x - s * 0.45, y - s * 0.75],
    ]
    return (
      rectangle([x, y + s * 0.45], s * 0.45, s * 0.75, filled(COLOURS[scene.colour])) +
      polyline(
        [
          [x, y - s * 0.3],
          [x, y - s * 0.6],
        ],
        stroked(INK, 2),
      ) +
      (scene.value === "lit"
        ? polygon(flame, filled("#ff5a00")) + circle([x, y - s * 0.7], s * 0.15, filled("#ffe14d"))
        : "")
    )
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} candle`),
}

export const stateTopics: ReadonlyArray<Topic> = [outlined, box, mood, candle]
