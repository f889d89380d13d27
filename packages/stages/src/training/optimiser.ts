import type * as tf from "@tensorflow/tfjs-core"
import type { TrainableParameters } from "./trainable-parameters.ts"

/** Changes parameters along their gradients, and remembers what its rule needs between steps. */
export interface Optimiser {
  /** One step on every parameter that has a gradient. The gradients stay the caller's. */
  readonly step: (
    trainable: TrainableParameters,
    gradients: ReadonlyMap<string, tf.Tensor>,
    learningRate: number,
  ) => void
  /** What it remembers, by name; the tensors stay its own. */
  readonly state: () => ReadonlyMap<string, tf.Tensor>
  /** Goes on from what another optimiser of the same rule remembered; the given tensors stay the caller's. */
  readonly restore: (state: ReadonlyMap<string, tf.Tensor>) => void
  readonly dispose: () => void
}
