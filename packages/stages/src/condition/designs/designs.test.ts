import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  completeDesign,
  conditionJson,
  designNamed,
  designNames,
  fitDesign,
  type ModelSizes,
  readCondition,
  scoringRule,
} from "./index.ts"

const STABLE_DIFFUSION = { imageSize: 512, contextWidth: 1024, textTokens: 77 }
const L14 = { ...STABLE_DIFFUSION, towerWidth: 1024, embedDim: 768 }
const H14 = { ...STABLE_DIFFUSION, towerWidth: 1280, embedDim: 1024 }
const SO400M = { ...STABLE_DIFFUSION, towerWidth: 1152, embedDim: 1152 }

describe("the published designs", () => {
  it.each<[(typeof designNames)[number], ModelSizes, tokens: number, width: number]>([
    ["openai-l14-224", { ...L14, patches: 256 }, 77, 768],
    ["openai-l14-336", { ...L14, patches: 576 }, 77, 768],
    ["metaclip-l14", { ...L14, patches: 256 }, 257, 768],
    ["metaclip-h14", { ...H14, patches: 256 }, 257, 1024],
    ["dfn-h14-224", { ...H14, patches: 256 }, 257, 1024],
    ["dfn-h14-378", { ...H14, patches: 729 }, 365, 1024],
    ["siglip-so400m-224", { ...SO400M, patches: 256 }, 43, 1152],
    ["siglip-so400m-384", { ...SO400M, patches: 729 }, 73, 1152],
  ])("%s has the published sizes", (name, sizes, tokens, width) => {
    const { dimensions } = fitDesign(designNamed(name), sizes)
    expect(dimensions.tokens).toBe(tokens)
    expect(dimensions["token-width"]).toBe(width)
    expect(dimensions["context-width"]).toBe(1024)
  })

  it("score the feature of the original's evaluation", () => {
    const rule = (name: (typeof designNames)[number]) => scoringRule(designNamed(name).scoring)
    expect(rule("openai-l14-336")).toEqual({
      local: { draw: 76 },
      normaliseTokens: false,
      normaliseFeature: true,
    })
    expect(rule("metaclip-h14")).toEqual({
      local: "all",
      normaliseTokens: true,
      normaliseFeature: true,
      logitScale: 100,
    })
    expect(rule("dfn-h14-378")).toMatchObject({ local: { drawShare: 0.5 }, normaliseFeature: false })
    expect(rule("siglip-so400m-384")).toMatchObject({ local: "none" })
  })
})

describe("fitDesign", () => {
  const micro: ModelSizes = { ...L14, patches: 64, textTokens: 32, embedDim: 64 }

  it("fills the text's length", () => {
    expect(fitDesign(designNamed("micro"), micro).dimensions).toMatchObject({
      tokens: 32,
      "drawn-patches": 31,
    })
    expect(fitDesign(designNamed("micro-class"), micro).dimensions.tokens).toBe(1)
  })

  it("refuses to add a text of another length, saying both lengths", () => {
    expect(() => fitDesign(designNamed("openai-l14-224"), micro)).toThrow(/77 condition tokens .* has 32/)
  })

  it("refuses a design without any token", () => {
    const design = completeDesign({ "class-token": false, patches: { window: 100 }, text: "mean" })
    expect(() => fitDesign(design, micro)).toThrow(/no condition token of 64 patch tokens/)
  })
})

describe("condition.json", () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "diva-designs-"))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each(designNames)("keeps %s", async (name) => {
    const design = designNamed(name)
    const condition = fitDesign(design, { ...L14, patches: 256 })
    const file = join(folder, `${name}.json`)
    await writeFile(file, conditionJson(condition))
    expect(await readCondition(file)).toEqual(condition)
  })

  it("says where a damaged one is wrong", async () => {
    const file = join(folder, "damaged.json")
    const condition = fitDesign(designNamed("micro-all"), { ...L14, patches: 256 })
    await writeFile(file, conditionJson(condition).replace('"tokens": 257', '"tokens": "many"'))
    await expect(readCondition(file)).rejects.toThrow(/\/dimensions\/tokens/)
    await expect(readCondition(join(folder, "none.json"))).rejects.toThrow(/no condition design/)
  })
})
