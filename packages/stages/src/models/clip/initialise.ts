import * as tf from "@tensorflow/tfjs-core"
import { RandomStream } from "../../randomness/index.ts"
import { Parameters } from "../../tensor/index.ts"
import { type Blueprint, blueprintsOf } from "./blueprint.ts"
import type { ClipConfig } from "./config.ts"

/** The parameters of an untrained model. Each has random numbers of its own, so that sizes elsewhere don't matter. */
export const initialiseClip = (config: ClipConfig, seed: number): Parameters => {
  const tensors = [...blueprintsOf(config)].map(([name, blueprint]): [string, tf.Tensor] => [
    name,
    tf.tensor(startOf(name, blueprint, seed), [...blueprint.shape], "float32"),
  ])
  return Parameters.of(new Map(tensors))
}

const startOf = (name: string, { shape, initial }: Blueprint, seed: number): Float32Array => {
  const count = shape.reduce((product, size) => product * size, 1)
  if ("value" in initial) return new Float32Array(count).fill(initial.value)
  const values = RandomStream.named(seed, "models/clip", "initialise", name).normals(count)
  return values.map((value) => value * initial.deviation)
}
