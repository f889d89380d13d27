import * as tf from "@tensorflow/tfjs-core"

/** Named tensors that live from step to step, whatever scope they were made in. */
export class OptimiserState {
  readonly #tensors = new Map<string, tf.Tensor>()

  get(name: string): tf.Tensor | undefined {
    return this.#tensors.get(name)
  }

  /** Takes the tensor over; the one that it replaces is disposed of. */
  set(name: string, tensor: tf.Tensor): void {
    this.#tensors.get(name)?.dispose()
    this.#tensors.set(name, tf.keep(tensor))
  }

  all(): ReadonlyMap<string, tf.Tensor> {
    return new Map([...this.#tensors].sort(([one], [other]) => (one < other ? -1 : 1)))
  }

  replace(tensors: ReadonlyMap<string, tf.Tensor>): void {
    const copies = [...tensors].map(([name, tensor]) => [name, tf.clone(tensor)] as const)
    this.dispose()
    for (const [name, copy] of copies) this.set(name, copy)
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose()
    this.#tensors.clear()
  }
}
