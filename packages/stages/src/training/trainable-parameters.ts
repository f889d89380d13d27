import * as tf from "@tensorflow/tfjs-core"
import { Parameters, valueAndGradients } from "../tensor/index.ts"

/** A loss and its gradient with respect to trainable parameters, by name. The caller disposes of the tensors. */
export interface LossAndGradients {
  readonly loss: tf.Scalar
  readonly gradients: Map<string, tf.Tensor>
}

/**
 * Parameters that training changes in place: a variable for each.
 *
 * @example
 * const trainable = TrainableParameters.from(model.parameters)
 * const view = trainable.parameters()
 * const { loss, gradients } = trainable.gradients(() => lossOf(view, batch))
 */
export class TrainableParameters {
  readonly #variables: ReadonlyMap<string, tf.Variable>

  private constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.#variables = variables
  }

  /** Starts from the values of the given parameters, which are left as they are and may be disposed of. */
  static from(parameters: Parameters): TrainableParameters {
    // Variables without names: TensorFlow.js keeps names in one global table, where two models would collide.
    const entries = parameters.entries().map(([name, value]) => [name, tf.variable(value)] as const)
    return new TrainableParameters(new Map(entries))
  }

  /** A view that always shows the present values, usable inside a loss. It need not be disposed of. */
  parameters(): Parameters {
    return Parameters.of(this.#variables)
  }

  /** The names, sorted. */
  names(): ReadonlyArray<string> {
    return [...this.#variables.keys()]
  }

  /** How many numbers are trained. */
  count(): number {
    return [...this.#variables.values()].reduce((sum, variable) => sum + variable.size, 0)
  }

  /** Replaces the value of one parameter by another of the same shape, which stays the caller's. */
  assign(name: string, value: tf.Tensor): void {
    this.#variable(name).assign(value)
  }

  /**
   * The loss and its gradient with respect to the parameters that `names` lists (all when absent); zeros for a
   * parameter that the loss does not depend on.
   */
  gradients(loss: () => tf.Scalar, names: ReadonlyArray<string> = this.names()): LossAndGradients {
    const variables = names.map((name) => this.#variable(name))
    const { value, gradients } = valueAndGradients(loss, variables)
    const entries = gradients.flatMap((gradient, index) => {
      const name = names[index]
      return name === undefined ? [] : [[name, gradient] as const]
    })
    return { loss: value, gradients: new Map(entries) }
  }

  /** Releases the memory of the parameters. They cannot be used afterwards. */
  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose()
  }

  #variable(name: string): tf.Variable {
    const variable = this.#variables.get(name)
    if (variable === undefined) throw new Error(`no trainable parameter is named "${name}"`)
    return variable
  }
}
