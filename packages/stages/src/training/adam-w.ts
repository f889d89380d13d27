import * as tf from "@tensorflow/tfjs-core"
import type { Optimiser } from "./optimiser.ts"
import { OptimiserState } from "./optimiser-state.ts"

export interface AdamWOptions {
  /** Share of the first moment that is kept at each step. */
  readonly beta1: number
  /** Share of the second moment that is kept at each step. */
  readonly beta2: number
  /** Added to the root of the second moment. */
  readonly epsilon: number
  /** Share of a parameter that goes at each step, times the learning rate. */
  readonly weightDecay: number
}

/** The name of the number of steps done, among the moments of the parameters. */
const STEPS = "steps"

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019), by PyTorch's rule.
 * Its state holds `steps`, and for each parameter `<name>.first` and `<name>.second`, the moments.
 */
export const adamW = ({ beta1, beta2, epsilon, weightDecay }: AdamWOptions): Optimiser => {
  const state = new OptimiserState()
  let steps = 0
  return {
    step: (trainable, gradients, learningRate) => {
      steps++
      const stepSize = learningRate / (1 - beta1 ** steps)
      const correction = 1 / Math.sqrt(1 - beta2 ** steps)
      const parameters = trainable.parameters()
      for (const [name, gradient] of gradients) {
        tf.tidy(() => {
          const first = decayed(state.get(`${name}.first`), beta1, gradient)
          const second = decayed(state.get(`${name}.second`), beta2, tf.square(gradient))
          state.set(`${name}.first`, first)
          state.set(`${name}.second`, second)
          const root = tf.add(tf.mul(tf.sqrt(second), correction), epsilon)
          const kept = tf.mul(parameters.at(name), 1 - learningRate * weightDecay)
          trainable.assign(name, tf.sub(kept, tf.mul(tf.div(first, root), stepSize)))
        })
      }
    },
    state: () => {
      state.set(STEPS, tf.scalar(steps, "int32"))
      return state.all()
    },
    restore: (saved) => {
      steps = saved.get(STEPS)?.dataSync()[0] ?? 0
      state.replace(saved)
    },
    dispose: () => state.dispose(),
  }
}

/** moment·share + value·(1 − share), where the moment starts at zero. */
const decayed = (moment: tf.Tensor | undefined, share: number, value: tf.Tensor): tf.Tensor => {
  const added = tf.mul(value, 1 - share)
  return moment === undefined ? added : tf.add(tf.mul(moment, share), added)
}
