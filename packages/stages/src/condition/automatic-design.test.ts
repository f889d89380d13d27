import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { automaticDesign } from "./index.ts"

const models = join(import.meta.dirname, "../../models")

describe("the design of a model", () => {
  let work: string
  let count = 0
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "diva-design-"))
  })
  afterAll(() => rm(work, { recursive: true }))

  /** A CLIP folder without weights: files by their names. */
  const folder = async (files: Readonly<Record<string, unknown>>): Promise<string> => {
    const made = join(work, `clip-${count++}`)
    await mkdir(made)
    for (const [name, content] of Object.entries(files))
      await writeFile(join(made, name), JSON.stringify(content))
    return made
  }

  const text = { context_length: 77, vocab_size: 49408, width: 768, heads: 12, layers: 12 }
  /** open_clip's configuration. */
  const openClip = (width: number, image_size: number) => ({
    embed_dim: 768,
    quick_gelu: true,
    vision_cfg: { image_size, layers: 24, width, head_width: 64, patch_size: 14 },
    text_cfg: text,
  })
  /** open_clip's configuration of a SigLIP. */
  const siglip = (image_size: number) => ({
    embed_dim: 1152,
    custom_text: true,
    init_logit_bias: -10,
    vision_cfg: {
      image_size,
      timm_model_name: `vit_so400m_patch14_siglip_${image_size}`,
      timm_pool: "map",
      timm_proj: "none",
    },
    text_cfg: { ...text, no_causal_mask: true, proj_bias: true, pool_type: "last" },
  })
  /** transformers' configuration of ViT-L/14. */
  const huggingFace = (_name_or_path: string) => ({
    _name_or_path,
    model_type: "clip",
    projection_dim: 768,
    text_config: {},
    vision_config: {
      hidden_size: 1024,
      intermediate_size: 4096,
      num_attention_heads: 16,
      num_hidden_layers: 24,
      patch_size: 14,
      image_size: 224,
    },
  })
  /** What weights/fetch writes beside a checkpoint, whose words come from OpenAI. */
  const manifest = (name: string, source: string) => ({
    name,
    architecture: null,
    files: {
      "open_clip_model.safetensors": { sources: [source] },
      "vocab.json": { sources: ["hf://openai/clip-vit-large-patch14/vocab.json"] },
    },
  })

  const CONFIG = "open_clip_config.json"

  it.each([
    ["openai-l14-224", "openai-l14-224", 1024, 224],
    ["metaclip-l14-224", "metaclip-l14", 1024, 224],
    ["metaclip-h14-224", "metaclip-h14", 1280, 224],
    ["dfn-h14-224", "dfn-h14-224", 1280, 224],
    ["diva-dfn-h14-224", "dfn-h14-224", 1280, 224],
  ])("of the catalogue's %s is %s", async (name, design, width, size) => {
    const files = { [CONFIG]: openClip(width, size), "manifest.json": manifest(name, "") }
    expect(await automaticDesign(await folder(files))).toMatchObject({ name: design })
  })

  it.each([
    ["openai-l14-336", openClip(1024, 336)],
    ["dfn-h14-378", openClip(1280, 378)],
    ["siglip-so400m-224", siglip(224)],
    ["siglip-so400m-384", siglip(384)],
  ])("%s follows from its sizes alone", async (design, config) => {
    expect(await automaticDesign(await folder({ [CONFIG]: config }))).toMatchObject({ name: design })
  })

  it("follows from the repository that it came from, by whatever name", async () => {
    const files = {
      [CONFIG]: openClip(1024, 224),
      "manifest.json": manifest("mine", "hf://facebook/metaclip-l14-fullcc2.5b/model.safetensors"),
    }
    expect(await automaticDesign(await folder(files))).toMatchObject({ name: "metaclip-l14" })
    const theirs = await folder({ "config.json": huggingFace("openai/clip-vit-large-patch14") })
    expect(await automaticDesign(theirs)).toMatchObject({ name: "openai-l14-224" })
  })

  it("of the project's own small model fits it", async () => {
    const small = join(work, "small")
    await mkdir(small)
    await copyFile(join(models, "micro-clip", CONFIG), join(small, CONFIG))
    expect(await automaticDesign(small)).toMatchObject({ name: "micro" })
  })

  it("is asked for where there is no telling, or none", async () => {
    const unnamed = await folder({ [CONFIG]: openClip(1024, 224) })
    await expect(automaticDesign(unnamed)).rejects.toMatchObject({
      message: expect.stringMatching(/openai-l14-224 or metaclip-l14/),
      hint: expect.stringMatching(/say `design`/),
    })
    const other = await folder({ [CONFIG]: openClip(768, 224) })
    await expect(automaticDesign(other)).rejects.toThrow(/no condition design was published .* 768 wide/)
  })
})
