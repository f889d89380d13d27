import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { availableBackends, loadBackend, valueAndGradients } from "./index.ts"
import { reshape } from "./reshape.ts"

describe.each(await availableBackends())("changes of shape on %s", (backend) => {
  let x: tf.Tensor
  beforeAll(async () => {
    await loadBackend(backend)
    x = tf.tensor2d(
      Array.from({ length: 12 }, (_, index) => index),
      [3, 4],
    )
  })
  afterAll(() => x.dispose())

  it("keep nothing of what they are given", () => {
    let held = 0
    const { value, gradients } = valueAndGradients(() => {
      const before = tf.memory().numBytes
      const last = tf.tidy(() => reshape(tf.neg(reshape(tf.neg(reshape(x, [12])), [2, 6])), [4, 3]))
      held = tf.memory().numBytes - before
      return tf.tidy(() => tf.sum<tf.Scalar>(last))
    }, [x])
    tf.dispose([value, ...gradients])
    expect(held).toBe(x.size * 4)
  })

  it("give gradients the shape of what they are given", () => {
    const given = tf.tensor2d(
      Array.from({ length: 12 }, (_, index) => index),
      [2, 6],
    )
    const { value, gradients } = valueAndGradients(() => reshape(x, [2, -1]), [x], given)
    expect(value.shape).toEqual([2, 6])
    expect(gradients[0]?.arraySync()).toEqual(x.arraySync())
    tf.dispose([value, given, ...gradients])
  })
})
