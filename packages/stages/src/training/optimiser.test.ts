import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { loadBackend, Parameters } from "../tensor/index.ts"
import { availableBackends } from "../tensor/test-backends.ts"
import {
  adamW,
  clipGradients,
  lowRankFactors,
  MovingAverage,
  matchesName,
  type Optimiser,
  sgd,
  TrainableParameters,
  warmedSchedule,
  withLowRank,
} from "./index.ts"

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

  it("sgd decays weights as PyTorch does", () => {
    const trainable = subject()
    run(sgd({ momentum: 0.9, weightDecay: 0.5 }), trainable, 0, 2)
    const decayed = (start: number, gradients: ReadonlyArray<number>) => {
      let [p, v] = [start, 0]
      for (const gradient of gradients) {
        v = 0.9 * v + gradient + 0.5 * p
        p -= 0.1 * v
      }
      return p
    }
    const expected = [decayed(1, [0.5, 1.5]), decayed(-2, [-0.25, -0.25]), decayed(3, [-1, 0])]
    for (const [index, value] of values(trainable).entries())
      expect(value).toBeCloseTo(expected[index] ?? 0, 5)
  })

  it("averages parameters with what they were", () => {
    const trainable = subject()
    const average = new MovingAverage(trainable, 0.75)
    trainable.assign("b", tf.scalar(7))
    average.update(trainable)
    expect(average.parameters().at("b").dataSync()[0]).toBe(4)
    const other = new MovingAverage(trainable, 0.75)
    other.restore(average.parameters())
    expect(other.parameters().at("b").dataSync()[0]).toBe(4)
    average.dispose()
    other.dispose()
  })

  it("low-rank factors start without effect, and get the gradient of their product", () => {
    const parameters = Parameters.of(
      new Map<string, tf.Tensor>([
        ["w", tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])],
        ["bias", tf.tensor1d([1, 2])],
      ]),
    )
    const options = { rank: 1, alpha: 2, weights: ["**"] }
    const factors = lowRankFactors(parameters, options, 1)
    expect(factors.names()).toEqual(["w.lora_a", "w.lora_b"])
    expect(withLowRank(parameters, factors, options).at("w").dataSync()).toEqual(
      parameters.at("w").dataSync(),
    )
    const trainable = TrainableParameters.from(factors)
    const { gradients } = trainable.gradients(() =>
      tf.sum(withLowRank(parameters, trainable.parameters(), options).at("w")),
    )
    const sum = [...factors.at("w.lora_a").dataSync()].reduce((total, value) => total + value, 0)
    for (const value of gradients.get("w.lora_b")?.dataSync() ?? []) expect(value).toBeCloseTo(2 * sum, 5)
    expect([...(gradients.get("w.lora_a")?.dataSync() ?? [])]).toEqual([0, 0, 0])
    expect(() => lowRankFactors(parameters, { ...options, weights: ["none"] }, 1)).toThrow(/no matrix/)
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

describe("warmedSchedule", () => {
  // transformers' get_cosine_schedule_with_warmup, get_linear_…, get_constant_… at steps 0, 1, 2, 6, 10 of 10
  it.each([
    ["cosine", [0, 1, 2, 1, 0]],
    ["linear", [0, 1, 2, 1, 0]],
    ["constant", [0, 1, 2, 2, 2]],
  ] as const)("%s rises in a line first", (shape, expected) => {
    const rate = warmedSchedule({ shape, peak: 2, warmup: 2, steps: 10 })
    expect([0, 1, 2, 6, 10].map(rate)).toEqual(expected.map((value) => expect.closeTo(value, 12)))
    expect(warmedSchedule({ shape, peak: 2, warmup: 0, steps: 10 })(0)).toBe(2)
  })

  it("falls in half a cosine, or in a line", () => {
    const at4 = (shape: "cosine" | "linear") => warmedSchedule({ shape, peak: 1, warmup: 0, steps: 8 })(2)
    expect(at4("cosine")).toBeCloseTo(0.5 + Math.SQRT1_2 / 2, 12)
    expect(at4("linear")).toBe(0.75)
  })
})

describe("matchesName", () => {
  it.each([
    ["visual.**", "visual.conv1.weight", true],
    ["visual.*", "visual.conv1.weight", false],
    ["visual.*.weight", "visual.conv1.weight", true],
    ["visual.conv{1,2}.weight", "visual.conv2.weight", true],
    ["visual.conv{1,2}.weight", "visual.conv3.weight", false],
    ["visual.conv1", "visualXconv1", false],
    ["**attn2.to_{k,v}.weight", "unet.down_blocks.0.attentions.0.attn2.to_k.weight", true],
    ["a+(b", "a+(b", true],
  ])("%s and %s: %s", (pattern, name, expected) => {
    expect(matchesName(pattern, name)).toBe(expected)
  })
})
