import { fileURLToPath } from "node:url"
import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { readSafetensors } from "../../formats/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { imageFeature, viewFeatures, weightsOfDrawn } from "./image-feature.ts"
import { ALL_TOKENS_RULE, CLASS_RULE, type FeatureView, type ScoringRule } from "./scoring-rule.ts"

const fixture = fileURLToPath(new URL("../../../../../test/fixtures/eval/views.safetensors", import.meta.url))

beforeAll(() => loadBackend("cpu"))

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, index) => Math.abs(value - (b[index] ?? Number.NaN))))

describe("the families' scoring rules", () => {
  const drawn = { draw: 6 }
  const rules: Readonly<Record<string, ScoringRule>> = {
    class: CLASS_RULE,
    openai: { local: drawn, normaliseTokens: false, normaliseFeature: true },
    metaclip: { local: "all", normaliseTokens: true, normaliseFeature: true },
    "dfn-224": CLASS_RULE,
    "dfn-378": { local: drawn, normaliseTokens: true, normaliseFeature: false },
  }

  it.each(Object.keys(rules))("give the features that %s is scored by, to 1e-5", async (name) => {
    const tensors = await readSafetensors(fixture)
    const data = (tensor: string) => Float32Array.from(tensors.get(tensor)?.data ?? [], Number)
    const rule = rules[name] ?? CLASS_RULE
    const weights = new Float32Array(3 * 10)
    for (let image = 0; image < 3; image++)
      weights.set(
        rule.local === "all"
          ? new Float32Array(10).fill(0.1)
          : weightsOfDrawn(data("drawn").subarray(image * 6, image * 6 + 6), 10),
        image * 10,
      )
    const tokens = tf.tensor3d(data("tokens"), [3, 11, 16])
    const feature = imageFeature(tokens, rule, rule.local === "none" ? undefined : weights)
    expect(largestDifference(feature.dataSync(), data(name))).toBeLessThan(1e-5)
  })
})

describe("views", () => {
  const tokens = (seed: number) => tf.randomNormal<tf.Rank.R3>([2, 7, 4], 0, 1, "float32", seed)
  const view = (rule: ScoringRule, draws = 1, seed = 0): FeatureView => ({
    name: "original",
    rule,
    draws,
    seed,
  })
  const values = (features: ReadonlyArray<tf.Tensor>) => features.map((feature) => [...feature.dataSync()])

  it("draw the same tokens for an image whatever its batch, and others in another draw or seed", () => {
    const rule: ScoringRule = { local: { drawShare: 0.5 }, normaliseTokens: false, normaliseFeature: true }
    const both = tokens(1)
    const [first, second] = values(viewFeatures(both, view(rule, 2), ["a", "b"]))
    const [alone] = values(viewFeatures(tf.slice(both, [1, 0, 0], [1, 7, 4]), view(rule), ["b"]))
    expect(largestDifference(first?.slice(4) ?? [], alone ?? [])).toBeLessThan(1e-6)
    expect(largestDifference(first ?? [], second ?? [])).toBeGreaterThan(1e-3)
    const [other] = values(viewFeatures(both, view(rule, 1, 1), ["a", "b"]))
    expect(largestDifference(first ?? [], other ?? [])).toBeGreaterThan(1e-3)
  })

  it("of all tokens don't depend on the order of the patches", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 1000 }),
        fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }),
        (seed, order) => {
          const given = tokens(seed)
          const mixed = tf.concat(
            [0, ...order].map((at) => tf.slice(given, [0, at, 0], [2, 1, 4])),
            1,
          )
          const [there] = values(viewFeatures(given, view(ALL_TOKENS_RULE), ["a", "b"]))
          const [back] = values(viewFeatures(mixed, view(ALL_TOKENS_RULE), ["a", "b"]))
          expect(largestDifference(there ?? [], back ?? [])).toBeLessThan(1e-5)
        },
      ),
      { numRuns: 20 },
    )
  })

  it("leave no tensors behind", () => {
    const given = tokens(2)
    const before = tf.memory().numTensors
    for (const feature of viewFeatures(given, view(ALL_TOKENS_RULE, 3), ["a", "b"])) feature.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})
