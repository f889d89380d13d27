import * as tf from "@tensorflow/tfjs-core"
import { isFrozen } from "./frozen.ts"
import { savedAt } from "./gradient.ts"
import { inputNamed, registerComposed } from "./kernel.ts"
import { matrixProduct } from "./matrix-product.ts"
import { reshape } from "./reshape.ts"

const LINEAR = "DivaLinear"
const FROZEN_LINEAR = "DivaFrozenLinear"

// A kernel and not a custom gradient: here the gradient of a frozen weight is never computed.
for (const kernelName of [LINEAR, FROZEN_LINEAR])
  registerComposed(kernelName, (inputs) => {
    const product = matrixProduct(inputNamed(inputs, "rows"), inputNamed(inputs, "weight"), false, true)
    return inputs.bias === undefined ? product : tf.add(product, inputNamed(inputs, "bias"))
  })

tf.registerGradient({
  kernelName: LINEAR,
  inputsToSave: ["rows", "weight"],
  gradFunc: (given, saved) => {
    const [rows, weight] = [savedAt(saved, 0), savedAt(saved, 1)]
    const gradient = Array.isArray(given) ? savedAt(given, 0) : given
    return {
      rows: () => tf.matMul(gradient, weight),
      weight: () => matrixProduct(gradient, rows, true, false),
      bias: () => tf.reshape(tf.matMul(tf.ones([1, gradient.shape[0] ?? 0]), gradient), [-1]),
    }
  },
})

tf.registerGradient({
  kernelName: FROZEN_LINEAR,
  inputsToSave: ["weight"],
  gradFunc: (given, saved) => ({
    rows: () => tf.matMul(Array.isArray(given) ? savedAt(given, 0) : given, savedAt(saved, 0)),
  }),
})

/**
 * x · weightᵀ + bias over the last axis.
 *
 * @param x [..., in]
 * @param weight [out, in], as PyTorch keeps it
 * @param bias [out]
 * @returns [..., out]
 */
export const linear = (x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor => {
  const [outputs = 0, inputs = 0] = weight.shape
  if (weight.rank !== 2 || x.shape.at(-1) !== inputs) {
    throw new Error(
      `linear: the input is [${x.shape}], the weight [${weight.shape}]; their last sizes differ`,
    )
  }
  const rows = x.rank === 2 ? x : reshape(x, [-1, inputs])
  const value: tf.Tensor = tf
    .engine()
    .runKernel(
      isFrozen(weight) ? FROZEN_LINEAR : LINEAR,
      bias === undefined ? { rows, weight } : { rows, weight, bias },
    )
  return x.rank === 2 ? value : reshape(value, [...x.shape.slice(0, -1), outputs])
}

/**
 * The rows of a table by their numbers.
 *
 * @param table [count, width]
 * @param ids int32, of any shape [...]; each in 0…count−1
 * @returns [..., width]
 */
export const embedding = (table: tf.Tensor, ids: tf.Tensor): tf.Tensor => {
  const rows = tf.gather(table, tf.reshape(ids, [ids.size]))
  return reshape(rows, [...ids.shape, table.shape[1] ?? 0])
}
