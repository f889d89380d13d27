import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import {
  availableBackends,
  conv2d,
  freeze,
  groupNorm,
  layerNorm,
  linear,
  loadBackend,
  modelBlock,
  Parameters,
  plusBranch,
  quickGelu,
  valueAndGradients,
  withCheckpoints,
} from "./index.ts"

const random = (name: string, shape: ReadonlyArray<number>): tf.Tensor =>
  tf.tensor(
    RandomStream.named(3, name).normals(shape.reduce((product, size) => product * size, 1)),
    [...shape],
    "float32",
  )

const numbers = (tensors: ReadonlyArray<tf.Tensor>): ReadonlyArray<number> =>
  tensors.flatMap((tensor) => [...tensor.dataSync()])

const largestDifference = (a: ReadonlyArray<tf.Tensor>, b: ReadonlyArray<tf.Tensor>): number => {
  const others = numbers(b)
  expect(numbers(a)).toHaveLength(others.length)
  return Math.max(...numbers(a).map((value, at) => Math.abs(value - (others[at] ?? Number.NaN))))
}

/** A perceptron with a residual connection, its weights as variables. */
const block = () => {
  const weights = {
    "a.weight": [12, 6],
    "a.bias": [12],
    "b.weight": [6, 12],
    "norm.weight": [6],
    "norm.bias": [6],
  }
  const variables = Object.entries(weights).map(
    ([name, shape]) => [name, tf.variable(random(name, shape))] as const,
  )
  return Parameters.of(new Map(variables))
}

const perceptron = (parameters: Parameters, x: tf.Tensor): tf.Tensor => {
  const normed = layerNorm(x, parameters.at("norm.weight"), parameters.at("norm.bias"), 1e-5)
  const inner = quickGelu(linear(normed, parameters.at("a.weight"), parameters.at("a.bias")))
  return plusBranch(x, linear(inner, parameters.at("b.weight")))
}

describe.each(await availableBackends())("gradients on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  it("are those of TensorFlow.js, with what is used twice, split, and not used at all", () => {
    const [a, b, unused] = [random("a", [2, 4]), random("b", [4, 2]), random("unused", [3])]
    const value = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
      const [left = x] = tf.split(tf.matMul(x, y), 2, 1)
      return tf.add(tf.mul(left, left), tf.sum(tf.exp(y)))
    }
    const expected = tf.grads((x, y) => value(x, y))([a, b])
    const before = tf.memory().numTensors
    const { value: made, gradients } = valueAndGradients(() => value(a, b), [a, b, unused])
    expect(tf.memory().numTensors - before).toBe(4)
    expect(largestDifference(gradients, [...expected, tf.zeros([3])])).toBeLessThan(1e-5)
    expect(made.shape).toEqual([2, 1])
  })

  it("are given back for the value itself, and from a gradient that is given", () => {
    const x = random("x", [3])
    const scaled = valueAndGradients(() => tf.mul(x, 2), [x], tf.tensor1d([1, 10, 100]))
    expect([...(scaled.gradients[0]?.dataSync() ?? [])]).toEqual([2, 20, 200])
    const same = valueAndGradients(() => x, [x])
    expect([...(same.gradients[0]?.dataSync() ?? [])]).toEqual([1, 1, 1])
  })

  it("leave no tensor behind when the computation fails", () => {
    const x = random("x", [3])
    const before = tf.memory().numTensors
    const failing = (): tf.Tensor => {
      tf.exp(tf.exp(x))
      throw new Error("no")
    }
    expect(() => valueAndGradients(failing, [x])).toThrow("no")
    expect(tf.memory().numTensors).toBe(before)
  })

  it("are the same with checkpoints, also one inside the other, with less saved", () => {
    const parameters = block()
    const [x, shift] = [random("x", [5, 6]), random("shift", [6])]
    const inner = (parameters: Parameters, input: tf.Tensor, given: tf.Tensor) =>
      modelBlock(
        { inputs: [input], constants: [given], parameters },
        (weights, again = input, constant = given) => tf.add(perceptron(weights, again), constant),
      )
    const value = () => {
      // What a block is given may be made on the way.
      const [moved, offset] = [tf.mul(x, 0.5), tf.mul(shift, 2)]
      // Weights, too, may be made of others on the way, as low-rank factors make them.
      const made = new Map([
        ...parameters.entries(),
        ["b.weight", tf.mul(parameters.at("b.weight"), 2)] as const,
      ])
      const outer = modelBlock(
        { inputs: [moved], constants: [offset], parameters: Parameters.of(made) },
        (weights, again = moved, given = offset) => inner(weights, inner(weights, again, given), given),
      )
      return tf.sum(tf.square(outer))
    }
    const wanted = [x, ...parameters.entries().map(([, tensor]) => tensor)]
    const plain = valueAndGradients(value, wanted)
    const before = tf.memory().numTensors
    const saving = withCheckpoints(() => valueAndGradients(value, wanted))
    expect(tf.memory().numTensors - before).toBe(wanted.length + 1)
    expect(numbers([saving.value, ...saving.gradients])).toEqual(numbers([plain.value, ...plain.gradients]))
    expect(withCheckpoints(value).dataSync()).toEqual(plain.value.dataSync())
    parameters.dispose()
  })

  it("with respect to the input of frozen layers are those of layers that are not", () => {
    const x = random("x", [1, 6, 6, 8])
    const weights = (): ReadonlyArray<tf.Tensor> =>
      [[3, 3, 8, 8], [8], [1, 1, 8, 8], [16, 8]].map((shape, at) => random(`layer-${at}`, shape))
    const value = ([kernel = x, scale = x, point = x, last = x]: ReadonlyArray<tf.Tensor>) => {
      const normed = groupNorm(x, 2, scale, scale, 1e-5)
      const seen = conv2d(conv2d(normed, kernel, scale, { padding: 1, stride: 2 }), kernel, undefined, {
        padding: 1,
      })
      const tokens = layerNorm(linear(conv2d(seen, point, scale), last), tf.ones([16]), tf.zeros([16]), 1e-5)
      return tf.sum(tf.square(tf.mul(tokens, tf.range(0, 16))))
    }
    const [free, frozen] = [weights(), weights()]
    freeze(frozen)
    const saved = (given: ReadonlyArray<tf.Tensor>) => {
      const before = tf.memory().numTensors
      const result = valueAndGradients(() => value(given), [x])
      expect(tf.memory().numTensors - before).toBe(2)
      return result.gradients
    }
    expect(largestDifference(saved(frozen), saved(free))).toBeLessThan(1e-3)
  })

  it.each([
    { side: 36, channels: [48, 40], how: "shifted products" },
    { side: 50, channels: [32, 36], how: "a kernel turned round" },
  ])("of a large convolution by $how are its transpose", ({ side, channels: [inputs = 0, outputs = 0] }) => {
    if (backend === "cpu") return
    const x = random("image", [1, side, side, inputs])
    const kernel = random("kernel", [3, 3, inputs, outputs])
    const given = random("given", [1, side, side, outputs])
    const { value, gradients } = valueAndGradients(
      () => conv2d(x, kernel, undefined, { padding: 1 }),
      [x],
      given,
    )
    const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0] ?? Number.NaN
    const [forwards, backwards] = [inner(value, given), inner(x, gradients[0] ?? x)]
    const size = Math.sqrt(inner(value, value) * inner(given, given))
    expect(Math.abs(forwards - backwards) / size).toBeLessThan(1e-5)
    // The sum alone would not tell a gradient that is shifted by a pixel from the true one where all is random.
    const spike = tf.oneHot(tf.scalar(side * 3 + 5, "int32"), side * side)
    const lit = tf.mul(tf.reshape(spike, [1, side, side, 1]), tf.ones([1, 1, 1, outputs]))
    const ofSpike =
      valueAndGradients(() => conv2d(x, kernel, undefined, { padding: 1 }), [x], lit).gradients[0] ?? x
    const corner = tf.slice(ofSpike, [0, 2, 4, 0], [1, 3, 3, inputs])
    const turned = tf.sum(kernel, 3)
    expect(largestDifference([corner], [turned])).toBeLessThan(1e-4)
  })
})
