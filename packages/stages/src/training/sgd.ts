import * as tf from "@tensorflow/tfjs-core"
import type { Optimiser } from "./optimiser.ts"
import { OptimiserState } from "./optimiser-state.ts"

export interface SgdOptions {
  readonly momentum: number
  /** Added to the gradient: this much of the parameter. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent with momentum, by PyTorch's rule: g ← g + d·p, v ← m·v + g, then p ← p − lr·v (v starts
 * at zero). Its state is the velocity of every parameter, by the parameter's name.
 */
export const sgd = ({ momentum, weightDecay = 0 }: SgdOptions): Optimiser => {
  const velocities = new OptimiserState()
  return {
    step: (trainable, gradients, learningRate) => {
      const parameters = trainable.parameters()
      for (const [name, given] of gradients) {
        tf.tidy(() => {
          const value = parameters.at(name)
          const gradient = weightDecay === 0 ? given : tf.add(given, tf.mul(value, weightDecay))
          const before = velocities.get(name)
          const velocity =
            before === undefined ? tf.clone(gradient) : tf.add(tf.mul(before, momentum), gradient)
          velocities.set(name, velocity)
          trainable.assign(name, tf.sub(value, tf.mul(velocity, learningRate)))
        })
      }
    },
    state: () => velocities.all(),
    restore: (state) => velocities.replace(state),
    dispose: () => velocities.dispose(),
  }
}
