import { around, circle, type Paint, type Point, placed, polygon } from "./drawing.ts"

/** Corners of the plain shapes, for half extent 1 around the origin. A circle has none. */
const CORNERS: Readonly<Record<string, ReadonlyArray<Point>>> = {
  square: [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  triangle: [
    [0, -1],
    [1, 0.8],
    [-1, 0.8],
  ],
  diamond: [
    [0, -1.05],
    [0.75, 0],
    [0, 1.05],
    [-0.75, 0],
  ],
  star: around(10, 1.1, 0.48),
  cross: [
    [-0.35, -1],
    [0.35, -1],
    [0.35, -0.35],
    [1, -0.35],
    [1, 0.35],
    [0.35, 0.35],
    [0.35, 1],
    [-0.35, 1],
    [-0.35, 0.35],
    [-1, 0.35],
    [-1, -0.35],
    [-0.35, -0.35],
  ],
}

/** Nouns that `drawShape` knows. */
export const SHAPES = ["circle", "square", "triangle", "diamond", "star", "cross"] as const

/** One of the plain shapes around `centre`; `size` is half of its extent. */
export const drawShape = (noun: string, centre: Point, size: number, paint: Paint): string => {
  const corners = CORNERS[noun]
  return corners === undefined ? circle(centre, size, paint) : polygon(placed(corners, centre, size), paint)
}
