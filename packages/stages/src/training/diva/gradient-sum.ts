import * as tf from "@tensorflow/tfjs-core"

/** Gradients of the images of a step, added up in their order. */
export interface GradientSum {
  /** Adds the gradients of the next images, taking them over; the first ones of a step begin a new sum. */
  readonly add: (gradients: ReadonlyMap<string, tf.Tensor>, isFirst: boolean) => void
  /** The sum at the end of a step of the parameters of these names; its tensors are the caller's. */
  readonly take: (names: ReadonlyArray<string>) => ReadonlyMap<string, tf.Tensor>
  readonly dispose: () => void
}

/** A sum in this process. */
export const localSum = (): GradientSum => {
  let sum = new Map<string, tf.Tensor>()
  const dispose = () => {
    tf.dispose([...sum.values()])
    sum = new Map()
  }
  return {
    add: (gradients, isFirst) => {
      if (isFirst) dispose()
      for (const [name, gradient] of gradients) {
        const before = sum.get(name)
        sum.set(name, before === undefined ? gradient : tf.add(before, gradient))
        if (before !== undefined) tf.dispose([before, gradient])
      }
    },
    take: () => {
      const taken = sum
      sum = new Map()
      return taken
    },
    dispose,
  }
}
