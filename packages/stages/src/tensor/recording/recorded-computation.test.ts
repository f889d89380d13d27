import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { loadBackend } from "../backend.ts"
import { valueAndGradients } from "../backpropagation.ts"
import { availableBackends } from "../test-backends.ts"
import { RecordedComputation } from "./recorded-computation.ts"

const backends = (await availableBackends()).filter((name) => name !== "cpu")

const random = (seed: number, ...shape: ReadonlyArray<number>) =>
  tf.randomNormal([...shape], 0, 1, "float32", seed)

/** A convolution, a split, sums, products, an index and whole numbers: attributes and types of all kinds. */
const layers = (x: tf.Tensor, filter: tf.Tensor, chosen: tf.Tensor, frozen: tf.Tensor): tf.Tensor =>
  tf.tidy(() => {
    const image = tf.conv2d(
      tf.reshape<tf.Rank.R4>(x, [2, 4, 4, 3]),
      tf.reshape<tf.Rank.R4>(filter, [3, 3, 3, 6]),
      1,
      "same",
    )
    const [left, right] = tf.split(image, 2, 3)
    const mixed = tf.mul(left ?? image, tf.sigmoid(right ?? image))
    const rows = tf.gather(tf.reshape(mixed, [8, 12]), tf.cast(chosen, "int32"))
    return tf.add(tf.matMul(tf.leakyRelu(rows, 0.1), frozen), tf.expandDims(tf.tensor1d([1, 2, 3, 4, 5]), 0))
  })

const valuesOf = (tensors: ReadonlyArray<tf.Tensor>) => tensors.map((tensor) => tensor.arraySync())

describe.each(backends)("a recorded computation on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  it("gives what the computation gives, also with other numbers", () => {
    const frozen = random(9, 12, 5)
    const recorded = new RecordedComputation()
    for (const seed of [1, 2, 3]) {
      const [x, filter] = [random(seed, 2, 4, 4, 3), random(seed + 10, 3, 3, 3, 6)]
      const chosen = tf.tensor1d([seed, 0, 7, seed], "int32")
      const compute = () => {
        const { value, gradients } = valueAndGradients(
          () => tf.sum(tf.square(layers(x, filter, chosen, frozen))),
          [x, filter],
        )
        return [value, ...gradients]
      }
      const [results, expected] = [recorded.run("", [x, filter, chosen], compute), compute()]
      expect(results.map(({ shape, dtype }) => [shape, dtype])).toEqual(
        expected.map(({ shape, dtype }) => [shape, dtype]),
      )
      for (const [index, result] of results.entries()) {
        const scale = tf.max(tf.abs(expected[index] ?? x)).dataSync()[0] ?? 1
        const apart = tf.max(tf.abs(tf.sub(result, expected[index] ?? x))).dataSync()[0]
        expect(apart).toBeLessThan(1e-5 * scale)
      }
    }
    recorded.dispose()
  })

  it("is the same bytes whether it was recorded now or before", () => {
    const compute = (x: tf.Tensor) => () => [tf.softmax(tf.matMul(x, tf.transpose(x))), tf.mean(tf.erf(x))]
    const before = new RecordedComputation()
    const [first, second] = [random(1, 40, 30), random(2, 40, 30)]
    before.run("", [first], compute(first))
    const later = new RecordedComputation()
    expect(valuesOf(later.run("", [second], compute(second)))).toEqual(
      valuesOf(before.run("", [second], compute(second))),
    )
  })

  it("keeps computations of other shapes and keys apart", () => {
    const recorded = new RecordedComputation()
    const doubled = (x: tf.Tensor) => valuesOf(recorded.run("double", [x], () => [tf.mul(x, 2)]))
    const squared = (x: tf.Tensor) => valuesOf(recorded.run("square", [x], () => [tf.mul(x, x)]))
    expect(doubled(tf.tensor1d([1, 2]))).toEqual([[2, 4]])
    expect(doubled(tf.tensor1d([1, 2, 3]))).toEqual([[2, 4, 6]])
    expect(squared(tf.tensor1d([3, 4]))).toEqual([[9, 16]])
    expect(doubled(tf.tensor1d([5, 6]))).toEqual([[10, 12]])
  })

  it("gives an input, a constant and the same result twice as tensors of their own", () => {
    const recorded = new RecordedComputation()
    const run = (x: tf.Tensor) => {
      const results = recorded.run("", [x], () => {
        const y = tf.add(x, 1)
        return [tf.clone(x), tf.tensor1d([7]), y, tf.clone(y)]
      })
      const values = valuesOf(results)
      tf.dispose([...results])
      return values
    }
    expect(run(tf.tensor1d([1]))).toEqual([[1], [7], [2], [2]])
    expect(run(tf.tensor1d([4]))).toEqual([[4], [7], [5], [5]])
  })

  it("leaves no tensors behind but its results", () => {
    const recorded = new RecordedComputation()
    const x = random(1, 8, 8)
    const run = () =>
      tf.dispose([...recorded.run("", [x], () => tf.tidy(() => [tf.sum(tf.exp(tf.mul(x, 0.5)))]))])
    run()
    const { numTensors } = tf.memory()
    for (let time = 0; time < 5; time++) run()
    expect(tf.memory().numTensors).toBe(numTensors)
  })

  it("after a computation that fails, everything works as before", () => {
    const recorded = new RecordedComputation()
    const x = tf.tensor1d([1, 2])
    const failing = () => {
      tf.add(x, 1)
      throw new Error("no")
    }
    expect(() => recorded.run("", [x], failing)).toThrow("no")
    expect(valuesOf(recorded.run("", [x], () => [tf.mul(x, 3)]))).toEqual([[3, 6]])
    expect(tf.add(x, 1).arraySync()).toEqual([2, 3])
  })
})

describe.runIf(backends.includes("native"))("inputs of a recorded computation", () => {
  it("are tensors of their own", async () => {
    await loadBackend("native")
    const x = tf.tensor1d([1])
    const run = () => new RecordedComputation().run("", [x, tf.clone(x)], () => [tf.add(x, x)])
    expect(run).toThrow(/two inputs/)
  })
})
