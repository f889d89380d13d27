import type * as tf from "@tensorflow/tfjs-core"
import { Parameters } from "../../tensor/index.ts"
import type { Optimiser } from "../optimiser.ts"
import type { TrainableParameters } from "../trainable-parameters.ts"
import { PART_NAMES, type PartName } from "./options.ts"
import type { Phase } from "./phase.ts"
import { partOf } from "./trained-model.ts"

/** The optimisers of a phase's parts, each with a memory of its own. */
export class PartOptimisers {
  readonly #phase: Phase
  readonly #optimisers: ReadonlyMap<PartName, Optimiser>

  constructor(phase: Phase) {
    this.#phase = phase
    this.#optimisers = new Map([...phase.parts].map(([part, { optimiser }]) => [part, optimiser()] as const))
  }

  get phase(): Phase["name"] {
    return this.#phase.name
  }

  /** Whether a parameter is trained in this phase. */
  trains(name: string): boolean {
    return this.#phase.parts.has(partOf(name))
  }

  /** Changes each part by its own rule; `step` is counted within the phase. */
  step(trainable: TrainableParameters, gradients: ReadonlyMap<string, tf.Tensor>, step: number): void {
    for (const [part, optimiser] of this.#optimisers) {
      const own = new Map([...gradients].filter(([name]) => partOf(name) === part))
      optimiser.step(trainable, own, this.#phase.parts.get(part)?.learningRate(step) ?? 0)
    }
  }

  /** What they remember, by part and name; the tensors stay theirs. */
  state(): Parameters {
    const all = [...this.#optimisers].flatMap(([part, optimiser]) =>
      [...optimiser.state()].map(([name, tensor]) => [`${part}/${name}`, tensor] as const),
    )
    return Parameters.of(new Map(all))
  }

  /** Goes on from what others of the same phase remembered; the tensors stay the caller's. */
  restore(saved: Parameters): void {
    for (const part of PART_NAMES) {
      const own = saved
        .entries()
        .filter(([name]) => name.startsWith(`${part}/`))
        .map(([name, tensor]) => [name.slice(part.length + 1), tensor] as const)
      this.#optimisers.get(part)?.restore(new Map(own))
    }
  }

  dispose(): void {
    for (const optimiser of this.#optimisers.values()) optimiser.dispose()
  }
}
