import * as tf from "@tensorflow/tfjs-core"
import type { Optimiser } from "./optimiser.ts"
import { OptimiserState } from "./optimiser-state.ts"

/**
 * Stochastic gradient descent with momentum, by PyTorch's rule: v ← m·v + g, then p ← p − lr·v (v starts at zero).
 * Its state is the velocity of every parameter, by the parameter's name.
 */
export const sgd = ({ momentum }: { readonly momentum: number }): Optimiser => {
  const velocities = new OptimiserState()
  return {
    step: (trainable, gradients, learningRate) => {
      const parameters = trainable.parameters()
      for (const [name, gradient] of gradients) {
        tf.tidy(() => {
          const before = velocities.get(name)
          const velocity =
            before === undefined ? tf.clone(gradient) : tf.add(tf.mul(before, momentum), gradient)
          velocities.set(name, velocity)
          trainable.assign(name, tf.sub(parameters.at(name), tf.mul(velocity, learningRate)))
        })
      }
    },
    state: () => velocities.all(),
    restore: (state) => velocities.replace(state),
    dispose: () => velocities.dispose(),
  }
}
