import { circle, curve, filled, type Point, polygon, polyline, rectangle, stroked } from "../drawing.ts"
import { BACKGROUNDS, COLOURS, centre, INK, type Scene, type Topic, thing } from "../scene.ts"
import { drawShape } from "../shapes.ts"

const present = (scene: Scene): boolean => scene.value === "with"

const feature = (noun: string, part: string, draw: (scene: Scene, at: Point) => string): Topic => ({
  name: `${noun} ${part}`,
  category: "Presence of Specific Features",
  values: ["with", "without"],
  nouns: [noun],
  draw: (scene) => draw(scene, centre(scene)),
  coarse: thing,
  fine: (scene) => `${thing(scene)} ${scene.value} ${part}`,
})

const hole: Topic = {
  name: "hole",
  category: "Presence of Specific Features",
  values: ["with", "without"],
  nouns: ["circle", "square", "diamond", "cross"],
  draw: (scene) =>
    drawShape(scene.noun, centre(scene), scene.size, filled(COLOURS[scene.colour])) +
    (present(scene) ? circle(centre(scene), scene.size * 0.4, filled(BACKGROUNDS[scene.background])) : ""),
  coarse: thing,
  fine: (scene) => `${thing(scene)} ${scene.value} a hole`,
}

const chimney = feature("house", "a chimney", (scene, [x, y]) => {
  const s = scene.size
  const roof: ReadonlyArray<Point> = [
    [x - s * 1.1, y],
    [x, y - s],
    [x + s * 1.1, y],
  ]
  const smoke = polyline(
    [
      [x + s * 0.65, y - s * 1.1],
      [x + s * 0.65, y - s * 0.2],
    ],
    stroked(INK, s * 0.35),
  )
  return (
    (present(scene) ? smoke : "") +
    rectangle([x, y + s * 0.5], s * 0.8, s * 0.55, filled(COLOURS[scene.colour])) +
    polygon(roof, filled(COLOURS[scene.accent]))
  )
})

const hat = feature("face", "a hat", (scene, [x, y]) => {
  const s = scene.size * 0.8
  const low = y + 6
  const worn =
    rectangle([x, low - s * 0.75], s * 1.15, s * 0.16, filled(INK)) +
    rectangle([x, low - s * 1.3], s * 0.7, s * 0.5, filled(INK))
  return (
    circle([x, low], s, filled(COLOURS[scene.colour])) +
    circle([x - s * 0.4, low - s * 0.1], 2, filled(INK)) +
    circle([x + s * 0.4, low - s * 0.1], 2, filled(INK)) +
    polyline(
      [
        [x - s * 0.4, low + s * 0.45],
        [x + s * 0.4, low + s * 0.45],
      ],
      stroked(INK, 2.5),
    ) +
    (present(scene) ? worn : "")
  )
})

const handle = feature("cup", "a handle", (scene, [x, y]) => {
  const s = scene.size
  const ring = circle([x + s * 0.75, y], s * 0.42, stroked(COLOURS[scene.colour], 5))
  const body: ReadonlyArray<Point> = [
    [x - s * 0.75, y - s * 0.9],
    [x + s * 0.75, y - s * 0.9],
    [x + s * 0.6, y + s * 0.9],
    [x - s * 0.6, y + s * 0.9],
  ]
  return (present(scene) ? ring : "") + polygon(body, filled(COLOURS[scene.colour]))
})

const leaf = feature("flower", "a leaf", (scene, [x, y]) => {
  const s = scene.size
  const low = y + s * 1.1
  const green = "#206a2a"
  const blade: ReadonlyArray<Point> = [
    [x, y + s * 0.9],
    [x + s * 0.9, y + s * 0.2],
    [x + s * 0.75, y + s * 0.8],
  ]
  return (
    curve([x, y], [x, y], [x, low], stroked(green, 4)) +
    (present(scene) ? polygon(blade, filled(green)) : "") +
    circle([x, y - s * 0.4], s * 0.62, filled(COLOURS[scene.colour])) +
    circle([x, y - s * 0.4], s * 0.22, filled(INK))
  )
})

export const featureTopics: ReadonlyArray<Topic> = [hole, chimney, hat, handle, leaf]
