import { circle, filled, type Point, rectangle } from "../drawing.ts"
import { COLOURS, centre, INK, type Scene, type Topic, thing } from "../scene.ts"
import { drawShape } from "../shapes.ts"

const category = "Quantity and Count"

/** Where the members of a group of each size stand around the group's middle. */
const GROUPS: Readonly<Record<string, ReadonlyArray<Point>>> = {
  two: [
    [-13, 0],
    [13, 0],
  ],
  three: [
    [-14, 10],
    [14, 10],
    [0, -13],
  ],
  four: [
    [-13, -13],
    [13, -13],
    [-13, 13],
    [13, 13],
  ],
  five: [
    [-17, -17],
    [17, -17],
    [0, 0],
    [-17, 17],
    [17, 17],
  ],
}

const moved = (scene: Scene, points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  const [x, y] = centre(scene)
  return points.map(([px, py]): Point => [x + px, y + py])
}

const group: Topic = {
  name: "number of shapes",
  category,
  values: ["two", "three", "four", "five"],
  nouns: ["circle", "square", "triangle", "star", "diamond"],
  draw: (scene) =>
    moved(scene, GROUPS[scene.value] ?? [])
      .map((point) => drawShape(scene.noun, point, scene.size * 0.5, filled(COLOURS[scene.colour])))
      .join(""),
  coarse: (scene) => `${scene.colour} ${scene.noun}s`,
  fine: (scene) => `${scene.value} ${scene.colour} ${scene.noun}s`,
}

const STRIPES: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3 }

const stripes: Topic = {
  name: "number of stripes",
  category,
  values: ["one", "two", "three"],
  nouns: ["flag"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const s = scene.size
    const count = STRIPES[scene.value] ?? 1
    const bands = Array.from({ length: count }, (_, index) =>
      rectangle([x, y + s * 1.8 * ((index + 1) / (count + 1) - 0.5)], s * 1.2, s * 0.14, filled(INK)),
    )
    return rectangle([x, y], s * 1.2, s * 0.9, filled(COLOURS[scene.colour])) + bands.join("")
  },
  coarse: thing,
  fine: (scene) => `${thing(scene)} with ${scene.value} ${scene.value === "one" ? "stripe" : "stripes"}`,
}

const DOTS: Readonly<Record<string, ReadonlyArray<Point>>> = {
  one: [[0, 0]],
  two: [
    [-8, -8],
    [8, 8],
  ],
  three: [
    [-9, -9],
    [0, 0],
    [9, 9],
  ],
  four: [
    [-8, -8],
    [8, -8],
    [-8, 8],
    [8, 8],
  ],
}

const dice: Topic = {
  name: "number of dots on a die",
  category,
  values: ["one", "two", "three", "four"],
  nouns: ["die"],
  draw: (scene) =>
    rectangle(centre(scene), 19, 19, filled(COLOURS[scene.colour]), 5) +
    moved(scene, DOTS[scene.value] ?? [])
      .map((point) => circle(point, 4, filled("#ffffff")))
      .join(""),
  coarse: thing,
  fine: (scene) => `${thing(scene)} showing ${scene.value}`,
}

export const quantityTopics: ReadonlyArray<Topic> = [group, stripes, dice]
