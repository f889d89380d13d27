import { describe, expect, it } from "vitest"
import type { CheckpointFile } from "../../formats/index.ts"
import { misfit, otherKind, renamed, type Wanted } from "./index.ts"

const checkpoint = (shapes: Readonly<Record<string, ReadonlyArray<number>>>): CheckpointFile => ({
  format: "safetensors",
  metadata: {},
  names: () => Object.keys(shapes),
  entry: (name) => ({ dtype: "F32", shape: shapes[name] ?? [] }),
  read: () => Promise.reject(new Error("nothing is read")),
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

const expected = (names: ReadonlyArray<string>, wanted: Wanted = "unet") => ({
  wanted,
  shapes: new Map(names.map((name) => [name, [2]])),
  ignored: /position_ids/,
})

const all = (names: ReadonlyArray<string>) => checkpoint(Object.fromEntries(names.map((name) => [name, [2]])))

describe("misfit", () => {
  it("is nothing where names and shapes are those expected", () => {
    expect(misfit("f", all(["a.weight", "x.position_ids"]), expected(["a.weight"]))).toBe(undefined)
    const scalar = { wanted: "clip", shapes: new Map([["logit_scale", []]]), ignored: /^$/ } as const
    expect(misfit("f", checkpoint({ logit_scale: [1] }), scalar)).toBe(undefined)
    expect(misfit("f", checkpoint({ logit_scale: [2] }), scalar)?.message).toContain(
      "logit_scale is [2], not []",
    )
  })

  it("names all that is missing, unexpected or of another shape, and the file", () => {
    const names = Array.from({ length: 8 }, (_, index) => `layers.${index}.weight`)
    const found = { "layers.0.weight": [3], other: [2], "layers.1.weight": [2] }
    const failure = misfit("/models/w.safetensors", checkpoint(found), expected(names))
    expect(failure?.message).toBe(
      "the weights do not fit the configuration: missing: layers.2.weight, layers.3.weight, layers.4.weight, " +
        "layers.5.weight, layers.6.weight and 1 more; unexpected: other; of another shape: layers.0.weight is [3], not [2]",
    )
    expect(failure?.file).toBe("/models/w.safetensors")
    expect(failure?.hint).toContain("the configuration has 8 layers in layers, the weights 2")
  })

  it("says what the weights are where they are of another kind", () => {
    const sdxl = all(["time_embedding.linear_1.weight", "add_embedding.linear_1.weight"])
    const failure = misfit("f", sdxl, expected(["time_embedding.linear_1.weight"]))
    expect(failure?.message).toMatch(
      /, for they are the UNet of Stable Diffusion XL: unexpected: add_embedding\.linear_1\.weight$/,
    )
    expect(failure?.hint).toContain("Stable Diffusion 1.x or 2.x")
  })
})

describe("otherKind", () => {
  it.each<[string, RegExp, ReadonlyArray<string>]>([
    ["LoRA", /LoRA/, ["unet.down_blocks.0.attentions.0.to_q.lora_A.weight"]],
    ["a single file", /original code, all parts/, ["model.diffusion_model.time_embed.0.weight"]],
    ["FLUX", /diffusion transformer/, ["double_blocks.0.img_attn.qkv.weight"]],
    ["Stable Diffusion 3", /diffusion transformer/, ["transformer_blocks.0.attn.add_k_proj.weight"]],
    [
      "a ControlNet",
      /ControlNet/,
      ["time_embedding.linear_1.weight", "controlnet_cond_embedding.conv_in.weight"],
    ],
    ["a UNet", /a UNet in diffusers/, ["time_embedding.linear_1.weight", "conv_in.weight"]],
    ["an autoencoder", /AutoencoderKL/, ["encoder.mid_block.resnets.0.conv1.weight"]],
    ["an old autoencoder", /autoencoder of .* original code/, ["encoder.down.0.block.0.conv1.weight"]],
    ["CoCa", /CoCa/, ["visual.conv1.weight", "text_decoder.ln_final.weight"]],
    ["a ResNet", /ResNet/, ["visual.layer1.0.conv1.weight", "token_embedding.weight"]],
    ["ConvNeXt", /none of SigLIP's/, ["visual.trunk.stem.0.weight", "text.token_embedding.weight"]],
    ["a RoBERTa", /RoBERTa/, ["visual.conv1.weight", "text.transformer.embeddings.word_embeddings.weight"]],
    ["open_clip's texts", /^the text tower of a CLIP alone/, ["token_embedding.weight", "ln_final.bias"]],
    ["open_clip's images", /^the image tower of a CLIP alone/, ["visual.conv1.weight", "visual.proj"]],
    ["transformers' texts", /^a text tower of tr/, ["text_model.embeddings.token_embedding.weight"]],
    ["transformers' images", /^an image tower/, ["vision_model.embeddings.class_embedding"]],
    ["DINO", /knows no texts/, ["cls_token", "blocks.0.attn.qkv.weight"]],
  ])("knows %s", (_, kind, names) => {
    const wanted: Wanted = names[0]?.startsWith("time_embedding") === true ? "autoencoder" : "clip"
    expect(otherKind(names, wanted)).toMatch(kind)
  })

  it("says nothing of what is wanted, and of what it does not know", () => {
    expect(otherKind(["visual.conv1.weight", "token_embedding.weight"], "clip")).toBe(undefined)
    expect(otherKind(["time_embedding.linear_1.weight"], "unet")).toBe(undefined)
    expect(otherKind(["text_model.encoder.layers.0.self_attn.q_proj.weight"], "text-encoder")).toBe(undefined)
    expect(otherKind(["a", "b.c"], "clip")).toBe(undefined)
  })
})

describe("renamed", () => {
  it("reads by the other names, and refuses two of one name", () => {
    const view = renamed(checkpoint({ "old.a": [3], gone: [1] }), (name) =>
      name === "gone" ? undefined : name.replace("old.", "new."),
    )
    expect(view.names()).toEqual(["new.a"])
    expect(view.entry("new.a").shape).toEqual([3])
    expect(() => renamed(checkpoint({ a: [1], b: [1] }), () => "c")).toThrow("its tensors a and b are both c")
  })
})
