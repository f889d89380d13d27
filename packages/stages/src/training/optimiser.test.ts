import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { loadBackend, Parameters } from "../tensor/index.ts"
import { availableBackends } from "../tensor/test-backends.ts"
import { adamW, clipGradients, cosineWithWarmup, type Optimiser, sgd, TrainableParameters } from "./index.ts"

/** Trainable `a` [2] and `b` [], and gradients that differ from step to step. */
const subject = () => {
  const start = new Map<string, tf.Tensor>([
    ["a", tf.tensor1d([1, -2])],
    ["b", tf.scalar(3)],
  ])
  return TrainableParameters.from(Parameters.of(start))
}
const gradientsAt = (step: number) =>
  new Map<string, tf.Tensor>([
    ["a", tf.tensor1d([0.5 + step, -0.25])],
    ["b", tf.scalar(step - 1)],
  ])
const values = (trainable: TrainableParameters) =>
  trainable
    .parameters()
    .entries()
    .flatMap(([, value]) => [...value.dataSync()])

const run = (optimiser: Optimiser, trainable: TrainableParameters, from: number, to: number) => {
  for (let step = from; step < to; step++) optimiser.step(trainable, gradientsAt(step), 0.1)
}

describe.each(await availableBackends())("optimisers on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend)
  })

  it("sgd follows PyTorch's rule", () => {
    const trainable = subject()
    run(sgd({ momentum: 0.9 }), trainable, 0, 3)
    // torch.optim.SGD([a, b], lr=0.1, momentum=0.9), three steps of the same gradients
    const velocity = (gradients: ReadonlyArray<number>) => {
      let [v, moved] = [0, 0]
      for (const gradient of gradients) {
        v = 0.9 * v + gradient
        moved += 0.1 * v
      }
      return moved
    }
    const expected = [
      1 - velocity([0.5, 1.5, 2.5]),
      -2 - velocity([-0.25, -0.25, -0.25]),
      3 - velocity([-1, 0, 1]),
    ]
    for (const [index, value] of values(trainable).entries())
      expect(value).toBeCloseTo(expected[index] ?? 0, 5)
  })

  it("adamW follows PyTorch's rule", () => {
    const trainable = subject()
    run(adamW({ beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.2 }), trainable, 0, 3)
    const expected = ADAMW_BY_PYTORCH
    for (const [index, value] of values(trainable).entries())
      expect(value).toBeCloseTo(expected[index] ?? 0, 5)
  })

  it.each([
    ["sgd", () => sgd({ momentum: 0.9 })],
    ["adamW", () => adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 })],
  ])("%s continues from a saved state as if it had never stopped", (_, make) => {
    const [whole, halves] = [subject(), subject()]
    run(make(), whole, 0, 4)
    const first = make()
    run(first, halves, 0, 2)
    const second = make()
    second.restore(first.state())
    first.dispose()
    run(second, halves, 2, 4)
    expect(values(halves)).toEqual(values(whole))
  })

  it("gives zeros for a parameter that the loss does not use", () => {
    const trainable = subject()
    const parameters = trainable.parameters()
    const { loss, gradients } = trainable.gradients(() => tf.sum(tf.square(parameters.at("a"))))
    expect(loss.dataSync()[0]).toBe(5)
    expect([...(gradients.get("a")?.dataSync() ?? [])]).toEqual([2, -4])
    expect([...(gradients.get("b")?.dataSync() ?? [])]).toEqual([0])
  })

  it("holds as many tensors after a hundred steps as after one", () => {
    const [trainable, optimiser] = [
      subject(),
      adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }),
    ]
    const step = () => tf.tidy(() => run(optimiser, trainable, 0, 1))
    step()
    const before = tf.memory().numTensors
    for (let count = 0; count < 100; count++) step()
    expect(tf.memory().numTensors).toBe(before)
  })

  it("clips the norm of all gradients together", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (numbers, maximum) =>
          tf.tidy(() => {
            const parts = new Map(
              numbers.map((number, index) => [`${index}`, tf.tensor1d([number])] as const),
            )
            const { norm, gradients } = clipGradients(parts, maximum)
            expect(norm).toBeCloseTo(Math.hypot(...numbers), 3)
            const after = Math.hypot(...[...gradients.values()].flatMap((part) => [...part.dataSync()]))
            expect(after).toBeLessThanOrEqual(maximum * (1 + 1e-5))
            if (norm < maximum * 0.999) expect(after).toBeCloseTo(norm, 3)
          }),
      ),
      { numRuns: 30 },
    )
  })
})

/** torch 2.13: AdamW([a, b], lr=0.1, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2), three steps. */
const ADAMW_BY_PYTORCH = (() => {
  const numbers = {
    start: [1, -2, 3],
    gradients: [
      [0.5, 1.5, 2.5],
      [-0.25, -0.25, -0.25],
      [-1, 0, 1],
    ],
  }
  return numbers.start.map((start, index) => {
    let [p, m, v] = [start, 0, 0]
    for (const [step, g] of (numbers.gradients[index] ?? []).entries()) {
      p *= 1 - 0.1 * 0.2
      m = 0.9 * m + 0.1 * g
      v = 0.98 * v + 0.02 * g * g
      const denominator = Math.sqrt(v) / Math.sqrt(1 - 0.98 ** (step + 1)) + 1e-6
      p -= ((0.1 / (1 - 0.9 ** (step + 1))) * m) / denominator
    }
    return p
  })
})()

describe("cosineWithWarmup", () => {
  it("rises in a line, then falls in half a cosine", () => {
    const rate = cosineWithWarmup({ peak: 2, warmup: 2, steps: 10 })
    expect([0, 1, 2, 6, 10].map(rate)).toEqual([0, 1, 2, 1, 0].map((value) => expect.closeTo(value, 12)))
    expect(cosineWithWarmup({ peak: 2, warmup: 0, steps: 10 })(0)).toBe(2)
  })
})
