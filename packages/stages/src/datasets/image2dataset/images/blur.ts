import type { Pixels } from "./resampler.ts"

/** Left, top, right, bottom, as parts of the image's width and height. */
export type Box = readonly [left: number, top: number, right: number, bottom: number]

/**
 * Blurs boxes, as img2dataset does: each grown by a tenth of its longer side, a Gaussian of a tenth of the longest side
 * among them, and edges that are as soft. (There the width of the Gaussian is drawn at random, which makes faces
 * recognisable again.)
 */
export const blurBoxes = (pixels: Pixels, boxes: ReadonlyArray<Box>): void => {
  const { width, height, data } = pixels
  let longest = 0
  const mask = new Float32Array(width * height)
  for (const box of boxes) {
    const [left, top, right, bottom] = inPixels(box, width, height)
    const side = Math.max(right - left, bottom - top)
    longest = Math.max(longest, side)
    const edge = (place: number, most: number) => Math.min(Math.max(Math.trunc(place), 0), most - 1)
    const [x0, x1] = [edge(left - 0.1 * side, width), edge(right + 0.1 * side, width)]
    const [y0, y1] = [edge(top - 0.1 * side, height), edge(bottom + 0.1 * side, height)]
    for (let y = y0; y < y1; y++) mask.fill(1, y * width + x0, y * width + x1)
  }
  const weights = gaussian(0.1 * longest)
  if (weights.length === 1) return
  const share = blurred(mask, width, height, weights)
  for (let channel = 0; channel < 3; channel++) {
    const plane = Float32Array.from({ length: width * height }, (_, at) => data[3 * at + channel] ?? 0)
    const soft = blurred(plane, width, height, weights)
    for (let at = 0; at < plane.length; at++) {
      const part = share[at] ?? 0
      data[3 * at + channel] = (plane[at] ?? 0) * (1 - part) + (soft[at] ?? 0) * part
    }
  }
}

const inPixels = ([left, top, right, bottom]: Box, width: number, height: number) =>
  [
    Math.trunc(left * width),
    Math.trunc(top * height),
    Math.trunc(right * width),
    Math.trunc(bottom * height),
  ] as const

/** Half of a Gaussian, from its middle on. */
const gaussian = (sigma: number): Float32Array => {
  if (!(sigma > 0)) return Float32Array.of(1)
  const weights = Float32Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, at) =>
    Math.exp(-(at * at) / (2 * sigma * sigma)),
  )
  const sum = 2 * weights.reduce((total, weight) => total + weight) - 1
  return weights.map((weight) => weight / sum)
}

/** One plane, blurred along both axes; beyond the edges it is mirrored. */
const blurred = (plane: Float32Array, width: number, height: number, weights: Float32Array): Float32Array =>
  along(along(plane, width, height, 1, width, weights), height, width, width, 1, weights)

const along = (
  plane: Float32Array,
  length: number,
  lines: number,
  step: number,
  lineStep: number,
  weights: Float32Array,
): Float32Array => {
  const result = new Float32Array(plane.length)
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep
    for (let at = 0; at < length; at++) {
      let sum = (plane[start + at * step] ?? 0) * (weights[0] ?? 1)
      for (let far = 1; far < weights.length; far++) {
        const before = plane[start + mirrored(at - far, length) * step] ?? 0
        const after = plane[start + mirrored(at + far, length) * step] ?? 0
        sum += (before + after) * (weights[far] ?? 0)
      }
      result[start + at * step] = sum
    }
  }
  return result
}

const mirrored = (place: number, length: number): number => {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const within = ((place % period) + period) % period
  return within < length ? within : period - within
}
