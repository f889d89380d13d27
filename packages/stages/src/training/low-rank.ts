import * as tf from "@tensorflow/tfjs-core"
import { RandomStream } from "../randomness/index.ts"
import { Parameters } from "../tensor/index.ts"
import { matchesAny } from "./name-pattern.ts"

/** Low-rank adaptation (Hu et al., 2021): weight + alpha/rank · B·A, of which A and B are trained. */
export interface LowRankOptions {
  readonly rank: number
  readonly alpha: number
  /** Patterns of the names of the matrices that get it. */
  readonly weights: ReadonlyArray<string>
}

const A = ".lora_a"
const B = ".lora_b"

/** Whether a name is that of a factor. */
export const isLowRankFactor = (name: string): boolean => name.endsWith(A) || name.endsWith(B)

/**
 * New factors for the matrices [out, in] that the patterns name: A [rank, in] uniform in ±1/√in, B [out, rank] zero, so
 * that the model starts as it was. They are named as the matrix, with `.lora_a` and `.lora_b`.
 *
 * @throws Error when no matrix is named
 */
export const lowRankFactors = (
  parameters: Parameters,
  { rank, weights }: LowRankOptions,
  seed: number,
): Parameters => {
  const factors = new Map<string, tf.Tensor>()
  for (const [name, { shape }] of parameters.entries()) {
    const [outputs = 0, inputs = 0] = shape
    if (shape.length !== 2 || !matchesAny(weights, name)) continue
    const stream = RandomStream.named(seed, "train/diva", "lora", name)
    const bound = 1 / Math.sqrt(inputs)
    const values = Float32Array.from({ length: rank * inputs }, () => (2 * stream.uniform() - 1) * bound)
    factors.set(name + A, tf.tensor2d(values, [rank, inputs]))
    factors.set(name + B, tf.zeros([outputs, rank]))
  }
  if (factors.size === 0) throw new Error(`no matrix of the model is named by ${weights.join(", ")}`)
  return Parameters.of(factors)
}

/**
 * The parameters with the products of their factors added. Within a loss, its gradient reaches the factors.
 *
 * @param factors of `lowRankFactors`, among others that are passed over
 */
export const withLowRank = (
  parameters: Parameters,
  factors: Parameters,
  { rank, alpha }: LowRankOptions,
): Parameters => {
  const merged = new Map<string, tf.Tensor>(parameters.entries())
  for (const name of factors.names()) {
    if (!name.endsWith(A)) continue
    const target = name.slice(0, -A.length)
    const product = tf.matMul(factors.at(target + B), factors.at(name))
    merged.set(target, tf.add(parameters.at(target), tf.mul(product, alpha / rank)))
  }
  return Parameters.of(merged)
}
