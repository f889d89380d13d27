import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { attentionInBlocks } from "./attention-in-blocks.ts"
import {
  attention,
  availableBackends,
  conv2d,
  embedding,
  geglu,
  gelu,
  geluTanh,
  groupNorm,
  joinChannels,
  layerNorm,
  linear,
  loadBackend,
  plusBranch,
  plusShift,
  quickGelu,
  silu,
  upsampleNearest2x,
} from "./index.ts"

const random = (name: string, shape: ReadonlyArray<number>): tf.Tensor =>
  tf.tensor(
    RandomStream.named(1, name).normals(shape.reduce((product, size) => product * size, 1)),
    [...shape],
    "float32",
  )

type Operation = (...inputs: ReadonlyArray<tf.Tensor>) => tf.Tensor

const at = (inputs: ReadonlyArray<tf.Tensor>, index: number): tf.Tensor =>
  inputs[index] ?? tf.scalar(Number.NaN)

const difference = (a: tf.Tensor, b: tf.Tensor): number => {
  expect(a.shape).toEqual(b.shape)
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? Number.NaN)
}

/** The same operations from TensorFlow.js's own, whose gradients it derives itself. */
const normalised = (x: tf.Tensor, axes: Array<number>, epsilon: number): tf.Tensor => {
  const { mean, variance } = tf.moments(x, axes, true)
  return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)))
}

const plainAttention = (
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  mask?: tf.Tensor,
): tf.Tensor => {
  const split = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [x.shape[0] ?? 0, x.shape[1] ?? 0, heads, -1]), [0, 2, 1, 3])
  const scores = tf.div(tf.matMul(split(q), split(k), false, true), Math.sqrt((q.shape[2] ?? 0) / heads))
  const mixed = tf.matMul(tf.softmax(mask === undefined ? scores : tf.add(scores, mask)), split(v))
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), q.shape)
}

interface Case {
  readonly shapes: ReadonlyArray<ReadonlyArray<number>>
  readonly ours: Operation
  readonly plain: Operation
}

const mask = () => tf.mul(tf.linalg.bandPart(tf.ones<tf.Rank.R2>([5, 5]), 0, -1), -3)

const cases: Readonly<Record<string, Case>> = {
  gelu: {
    shapes: [[4, 9]],
    ours: (...inputs) => gelu(at(inputs, 0)),
    plain: (...inputs) => {
      const x = at(inputs, 0)
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1))
    },
  },
  geglu: {
    shapes: [[2, 3, 8]],
    ours: (...inputs) => geglu(at(inputs, 0)),
    plain: (...inputs) => {
      const [content = at(inputs, 0), gate = at(inputs, 0)] = tf.split(at(inputs, 0), 2, 2)
      const share = tf.mul(tf.add(tf.erf(tf.div(gate, Math.SQRT2)), 1), 0.5)
      return tf.mul(content, tf.mul(gate, share))
    },
  },
  plusBranch: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    ours: (...inputs) => plusBranch(at(inputs, 0), at(inputs, 1)),
    plain: (...inputs) => tf.add(at(inputs, 0), at(inputs, 1)),
  },
  "plusShift of a bias": {
    shapes: [[2, 2, 3, 4], [4]],
    ours: (...inputs) => plusShift(at(inputs, 0), at(inputs, 1)),
    plain: (...inputs) => tf.add(at(inputs, 0), at(inputs, 1)),
  },
  "plusShift of each image": {
    shapes: [
      [2, 2, 3, 4],
      [2, 1, 1, 4],
    ],
    ours: (...inputs) => plusShift(at(inputs, 0), at(inputs, 1)),
    plain: (...inputs) => tf.add(at(inputs, 0), at(inputs, 1)),
  },
  joinChannels: {
    shapes: [
      [2, 2, 3, 4],
      [2, 2, 3, 1],
    ],
    ours: (...inputs) => joinChannels(at(inputs, 0), at(inputs, 1)),
    plain: (...inputs) => tf.concat([at(inputs, 0), at(inputs, 1)], 3),
  },
  geluTanh: {
    shapes: [[4, 9]],
    ours: (...inputs) => geluTanh(at(inputs, 0)),
    plain: (...inputs) => {
      const x = at(inputs, 0)
      const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI))
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1))
    },
  },
  quickGelu: {
    shapes: [[4, 9]],
    ours: (...inputs) => quickGelu(at(inputs, 0)),
    plain: (...inputs) => tf.mul(at(inputs, 0), tf.sigmoid(tf.mul(at(inputs, 0), 1.702))),
  },
  silu: {
    shapes: [[2, 3, 4]],
    ours: (...inputs) => silu(at(inputs, 0)),
    plain: (...inputs) => tf.mul(at(inputs, 0), tf.sigmoid(at(inputs, 0))),
  },
  linear: {
    shapes: [[2, 3, 5], [4, 5], [4]],
    ours: (...inputs) => linear(at(inputs, 0), at(inputs, 1), at(inputs, 2)),
    plain: (...inputs) => {
      const rows = tf.reshape(at(inputs, 0), [6, 5])
      return tf.reshape(tf.add(tf.matMul(rows, tf.transpose(at(inputs, 1))), at(inputs, 2)), [2, 3, 4])
    },
  },
  layerNorm: {
    shapes: [[2, 3, 8], [8], [8]],
    ours: (...inputs) => layerNorm(at(inputs, 0), at(inputs, 1), at(inputs, 2), 1e-5),
    plain: (...inputs) => tf.add(tf.mul(normalised(at(inputs, 0), [2], 1e-5), at(inputs, 1)), at(inputs, 2)),
  },
  groupNorm: {
    shapes: [[2, 3, 5, 6], [6], [6]],
    ours: (...inputs) => groupNorm(at(inputs, 0), 3, at(inputs, 1), at(inputs, 2), 1e-5),
    plain: (...inputs) => {
      const grouped = normalised(tf.reshape(at(inputs, 0), [2, 15, 3, 2]), [1, 3], 1e-5)
      return tf.add(tf.mul(tf.reshape(grouped, [2, 3, 5, 6]), at(inputs, 1)), at(inputs, 2))
    },
  },
  "attention of tokens to others": {
    shapes: [
      [2, 5, 8],
      [2, 7, 8],
      [2, 7, 8],
    ],
    ours: (...inputs) => attention(at(inputs, 0), at(inputs, 1), at(inputs, 2), 2),
    plain: (...inputs) => plainAttention(at(inputs, 0), at(inputs, 1), at(inputs, 2), 2),
  },
  "attention with a mask": {
    shapes: [
      [2, 5, 8],
      [2, 5, 8],
      [2, 5, 8],
    ],
    ours: (...inputs) => attention(at(inputs, 0), at(inputs, 1), at(inputs, 2), 4, mask()),
    plain: (...inputs) => plainAttention(at(inputs, 0), at(inputs, 1), at(inputs, 2), 4, mask()),
  },
  "attention in blocks": {
    shapes: [
      [2, 3, 5, 4],
      [2, 3, 5, 4],
      [2, 3, 5, 4],
    ],
    ours: (...inputs) =>
      attentionInBlocks(
        { queries: at(inputs, 0), keys: at(inputs, 1), values: at(inputs, 2), mask: mask() },
        2,
      ),
    plain: (...inputs) => {
      const scores = tf.add(tf.matMul(at(inputs, 0), at(inputs, 1), false, true), mask())
      return tf.matMul(tf.softmax(scores), at(inputs, 2))
    },
  },
  upsampleNearest2x: {
    shapes: [[2, 3, 2, 4]],
    ours: (...inputs) => upsampleNearest2x(at(inputs, 0)),
    plain: (...inputs) => {
      const x = at(inputs, 0)
      const wide = tf.reshape(tf.stack([x, x], 3), [2, 3, 4, 4])
      return tf.reshape(tf.stack([wide, wide], 2), [2, 6, 4, 4])
    },
  },
}

describe.each(await availableBackends())("operations on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  it.each(Object.entries(cases))("%s has the value and the gradients of its plain form", (name, compared) => {
    const { shapes, ours, plain } = compared
    const inputs = shapes.map((shape, index) => random(`${name}-${index}`, shape))
    const value = plain(...inputs)
    expect(difference(ours(...inputs), value)).toBeLessThan(2e-5)
    const weights = random(`${name}-weights`, value.shape)
    const gradients = (operation: Operation) => tf.grads((...given) => operation(...given))(inputs, weights)
    const before = tf.memory().numTensors
    const actual = gradients(ours)
    expect(tf.memory().numTensors - before).toBe(inputs.length)
    for (const [index, expected] of gradients(plain).entries()) {
      expect(difference(at(actual, index), expected)).toBeLessThan(1e-4)
    }
  })

  it("keeps nothing but its value", () => {
    const x = random("kept", [1, 4, 4, 8])
    const [weight, bias] = [tf.ones([8]), tf.zeros([8])]
    const before = tf.memory().numTensors
    const value = tf.tidy(() => silu(groupNorm(layerNorm(x, weight, bias, 1e-5), 2, weight, bias, 1e-5)))
    expect(tf.memory().numTensors - before).toBe(1)
    value.dispose()
  })

  it("embedding adds up the gradients of a row that is used twice", () => {
    const table = random("table", [4, 3])
    const ids = tf.tensor2d([1, 3, 1, 0], [2, 2], "int32")
    const value = embedding(table, ids)
    expect(value.shape).toEqual([2, 2, 3])
    expect(value.arraySync()).toEqual(
      tf.reshape(tf.gather(table, tf.tensor1d([1, 3, 1, 0], "int32")), [2, 2, 3]).arraySync(),
    )
    const gradient = tf.grad((given) => tf.sum(embedding(given, ids)))(table)
    expect(gradient.arraySync()).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [0, 0, 0],
      [1, 1, 1],
    ])
  })

  it.each([
    { kernel: 3, stride: 1, padding: 1 },
    { kernel: 3, stride: 2, padding: 1 },
    { kernel: 1, stride: 1, padding: 0 },
    { kernel: 2, stride: 2, padding: 0 },
    {
      kernel: 3,
      stride: 2,
      padding: [
        [0, 1],
        [0, 1],
      ] as const,
    },
  ])("conv2d with kernel $kernel, stride $stride, padding $padding sums what it sees", (options) => {
    const { kernel: size, stride, padding } = options
    const x = random("image", [2, 6, 6, 3])
    const kernel = random("kernel", [size, size, 3, 4])
    const bias = random("bias", [4])
    const value = conv2d(x, kernel, bias, { stride, padding })
    expect(difference(value, convolvedByHand(x, kernel, bias, stride, padding))).toBeLessThan(1e-4)
    // The value is linear in each input, so its gradient times the input gives the value without the rest.
    const weights = random("weights", value.shape)
    const loss: Operation = (...given) =>
      tf.sum(tf.mul(conv2d(at(given, 0), at(given, 1), at(given, 2), { stride, padding }), weights))
    const before = tf.memory().numTensors
    const [ofImage, ofKernel, ofBias] = tf.grads((...given) => loss(...given))([x, kernel, bias])
    expect(tf.memory().numTensors - before).toBe(3)
    const inner = (a: tf.Tensor | undefined, b: tf.Tensor) => tf.sum(tf.mul(a ?? Number.NaN, b))
    const linearPart = tf.sub(loss(x, kernel, bias), inner(ofBias, bias))
    expect(difference(inner(ofImage, x), linearPart)).toBeLessThan(1e-3)
    expect(difference(inner(ofKernel, kernel), linearPart)).toBeLessThan(1e-3)
  })
})

/** A convolution by its definition. */
const convolvedByHand = (
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias: tf.Tensor,
  stride: number,
  padding: number | readonly [readonly [number, number], readonly [number, number]],
): tf.Tensor => {
  const [vertical, horizontal] =
    typeof padding === "number"
      ? [
          [padding, padding],
          [padding, padding],
        ]
      : padding
  const [top = 0, bottom = 0] = vertical ?? []
  const [left = 0, right = 0] = horizontal ?? []
  const padded = tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ])
  const [batch = 0, height = 0, width = 0, inputs = 0] = padded.shape
  const [size = 0, , , outputs = 0] = kernel.shape
  const rows: Array<tf.Tensor> = []
  for (let y = 0; y + size <= height; y += stride) {
    for (let z = 0; z + size <= width; z += stride) {
      const seen = tf.reshape(tf.slice(padded, [0, y, z, 0], [batch, size, size, inputs]), [batch, -1])
      rows.push(tf.add(tf.matMul(seen, tf.reshape(kernel, [-1, outputs])), bias))
    }
  }
  const side = [Math.floor((height - size) / stride) + 1, Math.floor((width - size) / stride) + 1]
  return tf.reshape(tf.stack(rows, 1), [batch, ...side, outputs])
}
