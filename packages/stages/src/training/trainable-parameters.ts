import * as tf from "@tensorflow/tfjs-core"
import { Parameters } from "../tensor/index.ts"

/** Parameters that an optimiser changes. */
export class TrainableParameters {
  readonly #variables: ReadonlyMap<string, tf.Variable>

  private constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.#variables = variables
  }

  /** Copies the given parameters into variables; the originals are left as they are. */
  static from(parameters: Parameters): TrainableParameters {
    return new TrainableParameters(
      new Map(parameters.entries().map(([name, value]) => [name, tf.variable(value, true)])),
    )
  }

  /** The variables, for use in a model. They follow every step. */
  parameters(): Parameters {
    return Parameters.of(this.#variables)
  }

  /** Gives a parameter a new value; the tensor stays the caller's. */
  assign(name: string, value: tf.Tensor): void {
    const variable = this.#variables.get(name)
    if (variable === undefined) throw new Error(`there is no trainable parameter named "${name}"`)
    variable.assign(value)
  }

  /**
   * The loss and its gradient with respect to every parameter; zeros where the loss does not depend on one.
   * The caller disposes of both.
   */
  gradients(loss: () => tf.Scalar): { readonly loss: tf.Scalar; readonly gradients: Map<string, tf.Tensor> } {
    const variables = [...this.#variables.values()]
    const { value, grads } = tf.variableGrads(loss, variables)
    const gradients = new Map<string, tf.Tensor>()
    for (const [name, variable] of this.#variables) {
      const gradient: tf.Tensor | null | undefined = grads[variable.name]
      gradients.set(name, gradient ?? tf.zerosLike(variable))
    }
    return { loss: value, gradients }
  }

  /** Releases the variables. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose()
  }
}
