import { readFileSync } from "node:fs"
import { join } from "node:path"
import { testStage } from "@diva-pipeline/core/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { resultsImport } from "./results-import.ts"

const file = (name: string): string => join(import.meta.dirname, "../../../../test/fixtures/results", name)
const imported = (input: Parameters<typeof testStage>[1]) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.map(testStage(resultsImport, input), ({ outputs }) =>
        JSON.parse(readFileSync(outputs.scores, "utf8")),
      ),
    ),
  )

describe("results/import", () => {
  it("puts several files together, and keeps the models and benchmarks that are asked for", async () => {
    const files = [file("benchmark.csv"), file("openclip_results.csv")]
    const all = await imported({ files })
    expect(all.scores).toHaveLength(15)
    const some = await imported({ files, models: ["ViT-L-14 openai"], benchmarks: ["imagenet-1k"] })
    expect(some.scores).toEqual([
      {
        model: "ViT-L-14 openai",
        benchmark: "imagenet-1k",
        kind: "zero-shot",
        metric: "acc1",
        value: 0.7554,
        n: 50_000,
        source: "openclip_results.csv",
      },
    ])
  })

  it("says which models there are when the one that is asked for isn't among them", async () => {
    const failing = imported({ files: [file("openclip_results.csv")], models: ["ViT-X"] })
    await expect(failing).rejects.toMatchObject({
      hint: "there are ViT-L-14 openai, convnext_xxlarge laion2b_s34b_b82k_augreg",
    })
  })
})
