/** A curve's point. */
export interface Point {
  readonly step: number
  readonly value: number
}

const WIDTH = 640
const HEIGHT = 160
/** Points that are drawn at most: a line of more looks no different. */
const MOST = 800

/** As many points or fewer are marked: a line of one would not be seen. */
const FEW = 40

/**
 * A curve as SVG with its least, greatest and last value.
 *
 * @param total steps that the width stands for, the same for all curves of a page
 */
export const curve = (name: string, points: ReadonlyArray<Point>, total: number): string => {
  const finite = thinned(points.filter(({ value }) => Number.isFinite(value)))
  const values = finite.map(({ value }) => value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const last = finite.at(-1)?.step ?? 0
  const places = finite.map(({ step, value }) => {
    const x = (step / Math.max(total, last, 1)) * WIDTH
    const y = high === low ? HEIGHT / 2 : HEIGHT - ((value - low) / (high - low)) * HEIGHT
    return { x: x.toFixed(1), y: y.toFixed(1) }
  })
  const marks = places.length > FEW ? [] : places.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="2.5"/>`)
  const words =
    finite.length === 0
      ? "nothing yet"
      : `${shown(values.at(-1) ?? 0)} at step ${last}; ${shown(low)} … ${shown(high)}`
  return [
    `<figure><figcaption><b>${escaped(name)}</b> ${words}</figcaption>`,
    `<svg viewBox="-4 -4 ${WIDTH + 8} ${HEIGHT + 8}" role="img" aria-label="${escaped(name)}: ${words}">`,
    `<polyline points="${places.map(({ x, y }) => `${x},${y}`).join(" ")}"/>${marks.join("")}</svg></figure>`,
  ].join("")
}

const thinned = (points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  const each = Math.ceil(points.length / MOST)
  return points.filter((_, index) => index % each === 0 || index === points.length - 1)
}

const shown = (value: number): string => String(Number(value.toPrecision(4)))

/** Text as HTML. */
export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
