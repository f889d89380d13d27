import * as tf from "@tensorflow/tfjs-core"
import { Parameters } from "../tensor/index.ts"
import type { TrainableParameters } from "./trainable-parameters.ts"

/**
 * An exponential moving average of trained parameters: average ← decay · average + (1 − decay) · value, after each step.
 * It starts at the values before the first one.
 */
export class MovingAverage {
  readonly #decay: number
  #values: ReadonlyMap<string, tf.Tensor>

  constructor(trainable: TrainableParameters, decay: number) {
    this.#decay = decay
    this.#values = copied(trainable.parameters())
  }

  /** The averages by the parameters' names; they stay the average's own. */
  parameters(): Parameters {
    return Parameters.of(this.#values)
  }

  update(trainable: TrainableParameters): void {
    const now = trainable.parameters()
    const next = [...this.#values].map(([name, value]) => {
      const average = tf.tidy(() => tf.add(tf.mul(value, this.#decay), tf.mul(now.at(name), 1 - this.#decay)))
      value.dispose()
      return [name, tf.keep(average)] as const
    })
    this.#values = new Map(next)
  }

  /** Goes on from saved averages, which stay the caller's. */
  restore(saved: Parameters): void {
    const values = copied(saved)
    this.dispose()
    this.#values = values
  }

  dispose(): void {
    for (const value of this.#values.values()) value.dispose()
  }
}

const copied = (parameters: Parameters): ReadonlyMap<string, tf.Tensor> =>
  new Map(parameters.entries().map(([name, value]) => [name, tf.keep(tf.clone(value))]))
