import type * as tf from "@tensorflow/tfjs-core"

/**
 * An immutable view of named tensors, the weights of a model. Names are the checkpoint's; values have the checkpoint's
 * layout (PyTorch's: linear weights are [out, in]), except 4-D convolution kernels, which are [height, width, in, out].
 *
 * @example
 * const block = parameters.within("visual.transformer.resblocks.0")
 * layerNorm(x, block.at("ln_1.weight"), block.at("ln_1.bias"), 1e-5)
 */
export class Parameters {
  readonly #all: ReadonlyMap<string, tf.Tensor>
  readonly #prefix: string

  private constructor(all: ReadonlyMap<string, tf.Tensor>, prefix: string) {
    this.#all = all
    this.#prefix = prefix
  }

  /** The parameters of the given names. The tensors are held, not copied. */
  static of(tensors: ReadonlyMap<string, tf.Tensor>): Parameters {
    return new Parameters(new Map(tensors), "")
  }

  /** The parameter of that name. Throws when there is none. */
  at(name: string): tf.Tensor {
    const tensor = this.#all.get(this.#prefix + name)
    if (tensor === undefined) {
      throw new Error(`the model has no parameter named "${this.#prefix}${name}"`)
    }
    return tensor
  }

  has(name: string): boolean {
    return this.#all.has(this.#prefix + name)
  }

  /** The parameters whose names start with `prefix` and a dot, named without them. */
  within(prefix: string): Parameters {
    const dotted = prefix === "" || prefix.endsWith(".") ? prefix : `${prefix}.`
    return new Parameters(this.#all, this.#prefix + dotted)
  }

  /** The names, sorted by code unit. */
  names(): ReadonlyArray<string> {
    return [...this.#all.keys()]
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => name.slice(this.#prefix.length))
      .sort()
  }

  /** Names and tensors, sorted by name. */
  entries(): ReadonlyArray<readonly [string, tf.Tensor]> {
    return this.names().map((name) => [name, this.at(name)])
  }

  /** Releases the memory of the parameters of this view. They cannot be used afterwards. */
  dispose(): void {
    for (const [, tensor] of this.entries()) tensor.dispose()
  }
}
