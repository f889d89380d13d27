import { ftruncateSync, readSync, writeSync } from "node:fs"
import * as tf from "@tensorflow/tfjs-core"
import type { GradientSum } from "./gradient-sum.ts"

/** Numbers that are read and added at once: 16 MB. */
const AT_ONCE = 2 ** 22

/** A parameter's place in the file, in numbers. */
interface Place {
  readonly offset: number
  readonly shape: ReadonlyArray<number>
}

/**
 * A sum that several processes share: a file in memory that all have open. Who adds must do so alone, when it is its
 * turn. Sums are in single precision, number by number, as in one process.
 *
 * @param file the open file
 * @param shapes of all parameters by their names; a phase may leave some out
 */
export const sharedSum = (file: number, shapes: ReadonlyMap<string, ReadonlyArray<number>>): GradientSum => {
  const { places, total } = placesOf(shapes)
  const sums = new Float32Array(AT_ONCE)
  ftruncateSync(file, total * 4)
  return {
    add: (gradients, isFirst) => {
      for (const [name, gradient] of gradients) {
        addTo(file, places.get(name)?.offset ?? 0, gradient.dataSync<"float32">(), isFirst, sums)
        gradient.dispose()
      }
    },
    take: (names) => {
      const taken = names.map((name): readonly [string, tf.Tensor] => {
        const { offset, shape } = places.get(name) ?? { offset: 0, shape: [] }
        const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
        readNumbers(file, offset, values)
        return [name, tf.tensor(values, [...shape])]
      })
      return new Map(taken)
    },
    dispose: () => undefined,
  }
}

const placesOf = (shapes: ReadonlyMap<string, ReadonlyArray<number>>) => {
  const places = new Map<string, Place>()
  let total = 0
  for (const [name, shape] of shapes) {
    places.set(name, { offset: total, shape })
    total += shape.reduce((product, size) => product * size, 1)
  }
  return { places, total }
}

const addTo = (
  file: number,
  offset: number,
  values: Float32Array,
  isFirst: boolean,
  sums: Float32Array,
): void => {
  for (let from = 0; from < values.length; from += AT_ONCE) {
    const part = values.subarray(from, from + AT_ONCE)
    if (isFirst) {
      writeNumbers(file, offset + from, part)
      continue
    }
    const sum = sums.subarray(0, part.length)
    readNumbers(file, offset + from, sum)
    for (let at = 0; at < part.length; at++) sum[at] = (sum[at] ?? 0) + (part[at] ?? 0)
    writeNumbers(file, offset + from, sum)
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const readNumbers = (file: number, offset: number, into: Float32Array): void => {
  const bytes = bytesOf(into)
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(file, bytes, done, bytes.length - done, offset * 4 + done)
    if (read === 0) throw new Error("the shared sum of gradients is shorter than it should be")
    done += read
  }
}

const writeNumbers = (file: number, offset: number, from: Float32Array): void => {
  const bytes = bytesOf(from)
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, offset * 4 + done)
}
