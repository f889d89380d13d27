/** A point, in 64ths of the image's side. */
export type Point = readonly [x: number, y: number]

/** How an element is painted: SVG attributes. */
export type Paint = string

/** Two decimals: the text, and so the pixels, must not depend on the last bits of a sine. */
const number = (value: number): string => String(Math.round(value * 100) / 100 + 0)

const coordinates = (points: ReadonlyArray<Point>): string =>
  points.map(([x, y]) => `${number(x)},${number(y)}`).join(" ")

export const filled = (colour: string): Paint => `fill="${colour}"`

/** Lines only, with round ends and corners. */
export const stroked = (colour: string, width: number): Paint =>
  `fill="none" stroke="${colour}" stroke-width="${number(width)}" stroke-linejoin="round" stroke-linecap="round"`

/** Filled, with a line around it. */
export const edged = (colour: string, line: string, width: number): Paint =>
  `fill="${colour}" stroke="${line}" stroke-width="${number(width)}" stroke-linejoin="round"`

export const polygon = (points: ReadonlyArray<Point>, paint: Paint): string =>
  `<polygon points="${coordinates(points)}" ${paint}/>`

export const polyline = (points: ReadonlyArray<Point>, paint: Paint): string =>
  `<polyline points="${coordinates(points)}" ${paint}/>`

export const ellipse = ([x, y]: Point, rx: number, ry: number, paint: Paint): string =>
  `<ellipse cx="${number(x)}" cy="${number(y)}" rx="${number(rx)}" ry="${number(ry)}" ${paint}/>`

export const circle = (centre: Point, radius: number, paint: Paint): string =>
  ellipse(centre, radius, radius, paint)

/** A rectangle around `centre` with the given half extents. */
export const rectangle = ([x, y]: Point, rx: number, ry: number, paint: Paint, corner = 0): string =>
  `<rect x="${number(x - rx)}" y="${number(y - ry)}" width="${number(2 * rx)}" height="${number(2 * ry)}" ` +
  `${corner > 0 ? `rx="${number(corner)}" ` : ""}${paint}/>`

/** A quadratic curve from `from` to `to`, bent towards `bend`. */
export const curve = (from: Point, bend: Point, to: Point, paint: Paint): string =>
  `<path d="M${coordinates([from])} Q${coordinates([bend])} ${coordinates([to])}" ${paint}/>`

/** Points given for a thing of half extent 1 around the origin, placed and scaled. */
export const placed = (points: ReadonlyArray<Point>, [x, y]: Point, size: number): ReadonlyArray<Point> =>
  points.map(([px, py]) => [x + px * size, y + py * size])

/** Quarter turns clockwise, about the origin. */
export const turned = (points: ReadonlyArray<Point>, quarters: number): ReadonlyArray<Point> =>
  quarters === 0
    ? points
    : turned(
        points.map(([x, y]): Point => [-y, x]),
        quarters - 1,
      )

/** `count` points on a circle of radius 1, the first at the top, radii repeating. */
export const around = (
  count: number,
  ...radii: readonly [number, ...ReadonlyArray<number>]
): ReadonlyArray<Point> =>
  Array.from({ length: count }, (_, index): Point => {
    const angle = (2 * Math.PI * index) / count
    const radius = radii[index % radii.length] ?? radii[0]
    return [radius * Math.sin(angle), -radius * Math.cos(angle)]
  })
