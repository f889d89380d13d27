import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { conditionJson, designNamed } from "../../condition/designs/index.ts"
import { resolveViews } from "./index.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "views-"))
})
afterAll(() => rm(folder, { recursive: true }))

const asked = { draws: 5, seed: 0 }
const summary = (views: Awaited<ReturnType<typeof resolveViews>>) =>
  views.map(({ name, rule, draws }) => [name, rule.local, rule.normaliseTokens, rule.normaliseFeature, draws])

describe("the views of a model", () => {
  it.each([
    ["openai-l14-224", [{ draw: 76 }, false, true, 5], ["all", false, true, 1]],
    ["metaclip-h14", ["all", true, true, 1], ["all", true, true, 1]],
    ["dfn-h14-224", ["none", false, true, 1], ["all", false, true, 1]],
    ["dfn-h14-378", [{ drawShare: 0.5 }, true, false, 5], ["all", true, false, 1]],
    ["siglip-so400m-384", ["none", false, true, 1], ["all", false, true, 1]],
  ] as const)("by the design %s are those of the method", async (design, original, all) => {
    const views = await resolveViews(folder, { ...asked, design: designNamed(design) })
    expect(summary(views)).toEqual([
      ["class", "none", false, true, 1],
      ["original", ...original],
      ["all-tokens", ...all],
    ])
  })

  it("follow the tuned model's own design, and without one have no original", async () => {
    expect((await resolveViews(folder, asked)).map(({ name }) => name)).toEqual(["class", "all-tokens"])
    await expect(resolveViews(folder, { ...asked, names: ["original"] })).rejects.toMatchObject({
      _tag: "StageFailure",
    })
    const dimensions = {
      "image-size": 16,
      patches: 4,
      "drawn-patches": 2,
      tokens: 3,
      "token-width": 8,
      "context-width": 8,
      "text-tokens": 16,
    }
    const condition = { design: designNamed("metaclip-l14"), dimensions }
    await writeFile(join(folder, "condition.json"), conditionJson(condition))
    const [original] = await resolveViews(folder, { ...asked, names: ["original"] })
    expect(original).toMatchObject({ name: "original", rule: { local: "all", logitScale: 100 } })
  })
})
