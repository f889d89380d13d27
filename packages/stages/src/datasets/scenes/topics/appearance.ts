import { circle, filled, type Point, rectangle } from "../drawing.ts"
import { COLOURS, type Colour, centre, type Topic, thing, withArticle } from "../scene.ts"
import { drawShape, SHAPES } from "../shapes.ts"

const category = "Color and Appearance"

const isColour = (name: string): name is Colour => name in COLOURS

const colour: Topic = {
  name: "colour",
  category,
  values: ["red", "orange", "yellow", "green", "blue", "purple"],
  nouns: SHAPES,
  draw: (scene) =>
    drawShape(
      scene.noun,
      centre(scene),
      scene.size,
      filled(isColour(scene.value) ? COLOURS[scene.value] : "none"),
    ),
  coarse: (scene) => withArticle(scene.noun),
  fine: (scene) => withArticle(`${scene.value} ${scene.noun}`),
}

const extent: Topic = {
  name: "large or small",
  category,
  values: ["large", "small"],
  nouns: SHAPES,
  draw: (scene) =>
    drawShape(
      scene.noun,
      centre(scene),
      scene.value === "large" ? scene.size + 5 : scene.size * 0.5,
      filled(COLOURS[scene.colour]),
    ),
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} ${scene.noun}`),
}

const WHITE = filled("#ffffff")

const GRID: ReadonlyArray<number> = [-1, 0, 1]

const pattern: Topic = {
  name: "surface",
  category,
  values: ["plain", "striped", "dotted"],
  nouns: ["square"],
  draw: (scene) => {
    const [x, y] = centre(scene)
    const step = scene.size * 0.58
    const dots = GRID.flatMap((i) => GRID.map((j): Point => [x + i * step, y + j * step]))
    const marks: Readonly<Record<string, ReadonlyArray<string>>> = {
      dotted: dots.map((point) => circle(point, 3, WHITE)),
      striped: GRID.map((i) => rectangle([x + i * step, y], 2, scene.size, WHITE)),
    }
    const body = rectangle([x, y], scene.size, scene.size, filled(COLOURS[scene.colour]))
    return body + (marks[scene.value] ?? []).join("")
  },
  coarse: thing,
  fine: (scene) => withArticle(`${scene.value} ${scene.colour} ${scene.noun}`),
}

export const appearanceTopics: ReadonlyArray<Topic> = [colour, extent, pattern]
