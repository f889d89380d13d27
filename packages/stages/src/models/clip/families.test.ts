import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { loadBackend, readParameters } from "../../tensor/index.ts"
import { blueprintsOf } from "./blueprint.ts"
import {
  allTokens,
  type ClipConfig,
  clipConfigNamed,
  clipConfigNames,
  imageFeatures,
  initialiseClip,
  OPENAI_MEAN,
  OPENAI_STD,
  parseClipConfig,
  parseHuggingFaceConfig,
  textFeatures,
  withOpenClipNames,
} from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../../test/fixtures")
const json = (file: string) => JSON.parse(readFileSync(join(fixtures, file), "utf8"))

beforeAll(async () => {
  await loadBackend()
})

describe("configurations by open_clip's name", () => {
  // Parameters as open_clip 3.3 counts them.
  it.each([
    ["ViT-B-32-quickgelu", 151_277_313, 49],
    ["ViT-B-16-quickgelu", 149_620_737, 196],
    ["ViT-L-14-quickgelu", 427_616_513, 256],
    ["ViT-L-14-336-quickgelu", 427_944_193, 576],
    ["ViT-H-14-quickgelu", 986_109_441, 256],
    ["ViT-H-14-378-quickgelu", 986_714_881, 729],
    ["ViT-B-16-SigLIP", 203_155_970, 196],
    ["ViT-SO400M-14-SigLIP", 877_360_306, 256],
    ["ViT-SO400M-14-SigLIP-384", 877_960_498, 729],
  ])("%s has %i parameters and %i patches", async (name, parameters, patches) => {
    const { config, preprocess } = await clipConfigNamed(name)
    const shapes = [...blueprintsOf(config).values()].map(({ shape }) => shape)
    expect(shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters)
    expect(Math.floor(config.vision.image_size / config.vision.patch_size) ** 2).toBe(patches)
    expect(preprocess.mode).toBe(name.includes("SigLIP") ? "squash" : "shortest")
  })

  it.each([
    ["ViT-L-14-quickgelu", 224, "shortest", OPENAI_MEAN, OPENAI_STD],
    ["ViT-L-14-336-quickgelu", 336, "shortest", OPENAI_MEAN, OPENAI_STD],
    ["ViT-H-14-quickgelu", 224, "shortest", OPENAI_MEAN, OPENAI_STD],
    ["ViT-H-14-378-quickgelu", 378, "shortest", OPENAI_MEAN, OPENAI_STD],
    ["ViT-SO400M-14-SigLIP", 224, "squash", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]],
    ["ViT-SO400M-14-SigLIP-384", 384, "squash", [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]],
  ])("%s sees images of %i, %s", async (name, size, mode, mean, std) => {
    expect((await clipConfigNamed(name)).preprocess).toEqual({ size, mode, mean, std })
  })

  it("takes bilinear interpolation where the file asks for it", () => {
    const given = {
      model_cfg: json("clip-openai/config.json"),
      preprocess_cfg: { interpolation: "bilinear" },
    }
    expect(parseClipConfig(given).preprocess.interpolation).toBe("bilinear")
  })

  it("are all understood; another name is refused with those there are", async () => {
    for (const name of await clipConfigNames()) await clipConfigNamed(name)
    await expect(clipConfigNamed("ViT-Z")).rejects.toThrow(/ViT-L-14-quickgelu/)
  })
})

describe("Hugging Face's layout", () => {
  it.each(["clip-openai", "clip-openclip"])(
    "%s: configuration and names are open_clip's",
    async (fixture) => {
      const ours = parseClipConfig(json(`${fixture}/config.json`)).config
      const { config } = parseHuggingFaceConfig(json(`${fixture}/huggingface_config.json`))
      expect(config).toEqual(ours)
      const file = join(fixtures, fixture, "huggingface.safetensors")
      const renamed = await readParameters(file, withOpenClipNames)
      const wanted = await readParameters(join(fixtures, fixture, "open_clip.safetensors"))
      expect([...renamed.names()].sort()).toEqual([...wanted.names()].sort())
      for (const name of wanted.names())
        expect([...renamed.at(name).dataSync()]).toEqual([...wanted.at(name).dataSync()])
    },
  )
})

/** Sizes as no published model has them: patches that do not divide the image, heads of odd width. */
const sizes = fc.record({
  heads: fc.integer({ min: 1, max: 3 }),
  head: fc.integer({ min: 2, max: 7 }),
  patch: fc.integer({ min: 2, max: 5 }),
  image: fc.integer({ min: 5, max: 13 }),
  layers: fc.integer({ min: 1, max: 2 }),
  ratio: fc.double({ min: 1, max: 5, noNaN: true }),
  context: fc.integer({ min: 3, max: 20 }),
  siglip: fc.boolean(),
  bias: fc.boolean(),
})

describe("models of any size", () => {
  it("give tokens and features of the shapes that the configuration says", () => {
    fc.assert(
      fc.property(sizes, ({ heads, head, patch, image, layers, ratio, context, siglip, bias }) => {
        const width = heads * head
        const { config } = parseClipConfig({
          embed_dim: siglip ? width : 6,
          custom_text: siglip,
          ...(siglip ? { init_logit_bias: -10 } : {}),
          vision_cfg: {
            image_size: image,
            patch_size: patch,
            width,
            layers,
            head_width: head,
            mlp_ratio: ratio,
            ...(siglip ? { timm_model_name: "vit_base_patch16_siglip_224" } : {}),
          },
          text_cfg: {
            width: 2 * head,
            heads: 2,
            layers,
            context_length: context,
            vocab_size: 11,
            mlp_ratio: ratio,
            proj_bias: bias,
            no_causal_mask: siglip,
            pool_type: siglip ? "last" : "argmax",
          },
        })
        checkShapes(config, image, Math.floor(image / patch) ** 2, context)
      }),
      { numRuns: 15 },
    )
  })
})

const checkShapes = (config: ClipConfig, image: number, patches: number, context: number): void =>
  tf.tidy(() => {
    const parameters = initialiseClip(config, 1)
    const pixels = tf.randomNormal([2, image, image, 3], 0, 1, "float32", 1)
    const tokens = allTokens(config, parameters, pixels, true)
    expect(tokens.shape).toEqual([2, 1 + patches, config.embed_dim])
    const features = imageFeatures(config, parameters, pixels)
    const first = tf.reshape(tf.slice(tokens, [0, 0, 0], [2, 1, config.embed_dim]), features.shape)
    expect(tf.max(tf.abs(tf.sub(first, features))).dataSync()[0]).toBeLessThan(1e-4)
    const ids = tf.zeros([3, context], "int32")
    expect(textFeatures(config, parameters, ids).shape).toEqual([3, config.embed_dim])
  })
