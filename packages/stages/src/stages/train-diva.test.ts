import { Check, Default } from "typebox/value"
import { describe, expect, it } from "vitest"
import { type DivaInput, divaInput } from "./train-diva-input.ts"
import { evaluationOf, recipeOf, workOf } from "./train-diva-recipe.ts"

/** An input as the engine gives it: with the defaults of the schema. */
const inputOf = (given: Partial<DivaInput> = {}): DivaInput => {
  const complete: unknown = Default(divaInput, { model: "m", images: "i", ...given })
  if (!Check(divaInput, complete)) throw new Error("no such input")
  return complete
}

describe("the input of train/diva", () => {
  it("is the published recipe where nothing is said", () => {
    const recipe = recipeOf(inputOf())
    // 8 processors × 16 images × 5.
    expect(recipe.batch * recipe.accumulation).toBe(640)
    expect(recipe).toMatchObject({
      steps: 4600,
      draws: 2,
      drawWeights: "original",
      schedule: "cosine",
      warmup: 23,
      maxGradientNorm: 1,
      loss: "mse",
      generativeNormalisation: "original",
      discriminativeNormalisation: "original",
      prompt: "a photo of a {}.",
      classNames: [""],
      crops: { kind: "each-epoch", scale: [0.9, 1], ratio: [3 / 4, 4 / 3] },
      shuffleBuffer: 2000,
      projectorWarmup: 0,
      seed: 42,
      imagesAtOnce: 16,
    })
    expect(recipe.averageDecay).toBeUndefined()
    expect(recipe.lowRank).toBeUndefined()
    const { clip, projector, denoiser } = recipe.parts
    expect(clip).toMatchObject({ train: ["visual.**"], optimiser: { rule: "sgd", learningRate: 1e-4 } })
    expect(clip.optimiser).toMatchObject({ momentum: 0.9, weightDecay: 0 })
    expect(projector).toMatchObject({ train: ["visual_proj.**"], optimiser: clip.optimiser })
    expect(denoiser.train).toEqual([])
  })

  it("warms up for the share of the steps, rounded as asked", () => {
    expect(recipeOf(inputOf({ steps: 101, "warmup-ratio": 0.02 })).warmup).toBe(3)
    expect(recipeOf(inputOf({ steps: 101, "warmup-ratio": 0.02, "warmup-rounding": "down" })).warmup).toBe(2)
  })

  it("gives each part its own rule, and the common one else", () => {
    const { parts } = recipeOf(
      inputOf({
        optimiser: "adamw",
        "learning-rate": 0.5,
        parts: { clip: { train: [] }, denoiser: { train: ["unet.**"], optimiser: "sgd", momentum: 0.1 } },
      }),
    )
    expect(parts.clip.train).toEqual([])
    expect(parts.projector.optimiser).toMatchObject({ rule: "adamw", learningRate: 0.5 })
    expect(parts.denoiser.optimiser).toMatchObject({ rule: "sgd", learningRate: 0.5, momentum: 0.1 })
  })

  it("refuses what contradicts itself", () => {
    const frozen = { clip: { train: [] }, projector: { train: [] } }
    expect(() => recipeOf(inputOf({ parts: frozen }))).toThrow(/nothing is trained/)
    expect(() => recipeOf(inputOf({ "crop-min-scale": 1, "crop-max-scale": 0.5 }))).toThrow(/crop-min-scale/)
    expect(() => evaluationOf(inputOf({ keep: "best" }))).toThrow(/no benchmarks/)
  })

  it("takes a worker for each graphics processor, and leaves a core for the tensors", () => {
    expect(workOf(inputOf(), [2, 5], 8)).toMatchObject({ workers: 2, threads: 7 })
    expect(workOf(inputOf(), [], 1)).toMatchObject({ workers: 1, threads: 1 })
    expect(workOf(inputOf(), [], 2).memoryBudget).toBeUndefined()
    expect(workOf(inputOf({ "memory-budget": 500 }), [], 2).memoryBudget).toBe(500)
    const asked = inputOf({ "memory-budget": 500, "images-at-once": 4 })
    expect(workOf(asked, [], 2).memoryBudget).toBeUndefined()
    expect(
      evaluationOf(inputOf({ benchmarks: ["a", "b"], "benchmark-names": ["first"] })).benchmarks,
    ).toEqual([
      { name: "first", folder: "a" },
      { name: "benchmark 2", folder: "b" },
    ])
  })
})
