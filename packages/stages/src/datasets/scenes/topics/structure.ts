import {
  around,
  circle,
  filled,
  type Point,
  placed,
  polygon,
  polyline,
  rectangle,
  stroked,
} from "../drawing.ts"
import { COLOURS, centre, INK, type Scene, type Topic, thing, withArticle } from "../scene.ts"

const category = "Structural Characteristics"

const paint = (scene: Scene): string => filled(COLOURS[scene.colour])

const POINTS: Readonly<Record<string, number>> = { four: 4, five: 5, six: 6 }

const star: Topic = {
  name: "points of a star",
  category,
  values: ["four", "five", "six"],
  nouns: ["star"],
  draw: (scene) =>
    polygon(
      placed(around(2 * (POINTS[scene.value] ?? 5), 1.2, 0.45), centre(scene), scene.size),
      paint(scene),
    ),
  coarse: thing,
  fine: (scene) => `${thing(scene)} with ${scene.value} points`,
}

const LINES: Readonly<Record<string, ReadonlyArray<Point>>> = {
  straight: [
    [-1.3, 0],
    [1.3, 0],
  ],
  zigzag: [
    [-1.3, 0.5],
    [-0.78, -0.5],
    [-0.26, 0.5],
    [0.26, -0.5],
    [0.78, 0.5],
    [1.3, -0.5],
  ],
  wavy: Array.from(
    { length: 27 },
    (_, index): Point => [-1.3 + index / 10, -0.5 * Math.sin((index / 26) * 4 * Math.PI)],
  ),
}

const line: Topic = {
  name: "form of a line",
  category,
  values: ["straight", "zigzag", "wavy"],
  nouns: ["line"],
  draw: (scene) =>
    polyline(placed(LINES[scene.value] ?? [], centre(scene), scene.size), stroked(COLOURS[scene.colour], 5)),
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} line`),
}

const corners: Topic = {
  name: "corners of a square",
  category,
  values: ["sharp", "round"],
  nouns: ["square"],
  draw: (scene) =>
    rectangle(
      centre(scene),
      scene.size,
      scene.size,
      paint(scene),
      scene.value === "round" ? scene.size * 0.6 : 0,
    ),
  coarse: thing,
  fine: (scene) => `${thing(scene)} with ${scene.value} corners`,
}

const ring: Topic = {
  name: "whole or broken ring",
  category,
  values: ["whole", "broken"],
  nouns: ["ring"],
  draw: (scene) => {
    const loop = placed(around(48, 1), centre(scene), scene.size)
    const part = scene.value === "whole" ? [...loop, ...loop.slice(0, 1)] : loop.slice(5, -4)
    return polyline(part, stroked(COLOURS[scene.colour], 6))
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} ring`),
}

const LEGS: Readonly<Record<string, ReadonlyArray<number>>> = {
  two: [-0.75, 0.75],
  three: [-0.85, 0, 0.85],
}

const table: Topic = {
  name: "legs of a table",
  category,
  values: ["two", "three"],
  nouns: ["table"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const legs = (LEGS[scene.value] ?? []).map((at) =>
      rectangle([x + at * s, y + s * 0.25], 2.5, s * 0.8, filled(INK)),
    )
    return legs.join("") + rectangle([x, y - s * 0.5], s * 1.15, s * 0.25, paint(scene))
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} with ${scene.value} legs`,
}

const PETALS: Readonly<Record<string, number>> = { four: 4, six: 6 }

const flower: Topic = {
  name: "petals of a flower",
  category,
  values: ["four", "six"],
  nouns: ["flower"],
  draw: (scene) => {
    const count = PETALS[scene.value] ?? 4
    const petals = placed(around(count, 0.75), centre(scene), scene.size)
    const radius = scene.size * (count === 4 ? 0.42 : 0.36)
    return (
      petals.map((point) => circle(point, radius, paint(scene))).join("") +
      circle(centre(scene), scene.size * 0.36, filled(INK))
    )
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} with ${scene.value} petals`,
}

export const structureTopics: ReadonlyArray<Topic> = [star, line, corners, ring, table, flower]
