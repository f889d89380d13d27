import { CheckpointError, type TensorData } from "../../formats/index.ts"
import type { Correspondence, Naming, Share } from "./key-names.ts"

/** Tensors by name, before or after they are renamed. */
export interface NamedTensors {
  readonly has: (name: string) => boolean
  readonly shape: (name: string) => ReadonlyArray<number>
  readonly read: (name: string) => Promise<TensorData>
}

/** How a tensor of one naming comes of tensors of another. */
export interface Conversion {
  readonly shape: ReadonlyArray<number>
  /** The tensors that it comes of, by their names in the source. */
  readonly sources: ReadonlyArray<string>
  readonly read: () => Promise<Float32Array>
}

/**
 * The tensor `name` of the naming `to`, made of what corresponds to it in the source; undefined when the source has
 * none of it.
 *
 * @throws CheckpointError when the source has some of it only
 */
export const convertRows = (
  name: string,
  to: Naming,
  { openClip, huggingFace, form }: Correspondence,
  source: NamedTensors,
): Conversion | undefined => {
  const [from, into] = to === "open_clip" ? [huggingFace, openClip] : [openClip, huggingFace]
  const sources = from.map(([other]) => other)
  const missing = sources.filter((other) => !source.has(other))
  if (missing.length === sources.length) return undefined
  if (missing.length > 0) throw new CheckpointError(`the tensor ${missing.join(", ")} is missing`)
  const read = () => concatenate(sources, source)
  const { begin, end, total } = shareOf(name, into)
  const whole = wholeShape(sources, source)
  if (form === "led-by-one")
    return { shape: to === "open_clip" ? [1, ...whole] : whole.slice(1), sources, read }
  const [rows, ...rest] = whole
  const part = rows === undefined ? [] : [(rows * (end - begin)) / total, ...rest]
  if (!part.every(Number.isInteger))
    throw new CheckpointError(`${sources.join(", ")} cannot be divided in thirds`)
  const isTransposed = form === "transposed"
  return {
    shape: isTransposed ? part.toReversed() : part,
    sources,
    read: async () => {
      const values = await read()
      if (isTransposed) return transpose(values, whole)
      return values.slice((values.length * begin) / total, (values.length * end) / total)
    },
  }
}

/** Which of all shares are a tensor's. */
const shareOf = (
  name: string,
  into: ReadonlyArray<Share>,
): { readonly begin: number; readonly end: number; readonly total: number } => {
  const total = into.reduce((sum, [, shares]) => sum + shares, 0)
  let before = 0
  for (const [other, shares] of into) {
    if (other === name) return { begin: before, end: before + shares, total }
    before += shares
  }
  throw new Error(`${name} is none of ${into.map(([other]) => other).join(", ")}`)
}

const wholeShape = (names: ReadonlyArray<string>, source: NamedTensors): ReadonlyArray<number> => {
  const shapes = names.map((name) => source.shape(name))
  const [first = []] = shapes
  if (shapes.some((shape) => shape.slice(1).join() !== first.slice(1).join())) {
    throw new CheckpointError(`${names.join(", ")} are not of one width`)
  }
  if (first.length === 0) return []
  return [shapes.reduce((sum, [rows = 0]) => sum + rows, 0), ...first.slice(1)]
}

const concatenate = async (names: ReadonlyArray<string>, source: NamedTensors): Promise<Float32Array> => {
  const parts: Array<Float32Array> = []
  for (const name of names) parts.push(toFloats(name, await source.read(name)))
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const toFloats = (name: string, data: TensorData): Float32Array => {
  if (data instanceof Float32Array) return data
  if (data instanceof Float64Array) return Float32Array.from(data)
  throw new CheckpointError(`the tensor ${name} holds whole numbers where weights should be`)
}

const transpose = (values: Float32Array, [rows = 1, columns = 1]: ReadonlyArray<number>): Float32Array => {
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column] ?? 0
    }
  }
  return turned
}
