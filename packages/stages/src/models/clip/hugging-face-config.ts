import { type ClipConfig, checkConfig } from "./config.ts"
import { ClipConfigError, type Fields, fields, positive, size, word } from "./config-fields.ts"
import { type ClipPreprocess, parsePreprocess } from "./preprocess-config.ts"
import { parseText, parseVision } from "./tower-config.ts"

/** Defaults of transformers, which writes only what differs in older files. */
const CLIP = {
  vision: {
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    image_size: 224,
    patch_size: 32,
    hidden_act: "quick_gelu",
  },
  text: {
    hidden_size: 512,
    intermediate_size: 2048,
    num_hidden_layers: 12,
    num_attention_heads: 8,
    max_position_embeddings: 77,
    vocab_size: 49408,
    eos_token_id: 49407,
    hidden_act: "quick_gelu",
  },
}
const SIGLIP = {
  vision: { ...CLIP.vision, patch_size: 16, hidden_act: "gelu_pytorch_tanh", layer_norm_eps: 1e-6 },
  text: {
    ...CLIP.text,
    hidden_size: 768,
    intermediate_size: 3072,
    num_attention_heads: 12,
    max_position_embeddings: 64,
    vocab_size: 32000,
    hidden_act: "gelu_pytorch_tanh",
    layer_norm_eps: 1e-6,
  },
}

/** Pillow's number of the filter. */
const PILLOW_BILINEAR = 2

/**
 * Reads the `config.json` of Hugging Face's CLIPModel or SiglipModel.
 *
 * @param preprocessor what `preprocessor_config.json` holds, where there is one
 *
 * @throws ClipConfigError when it is incomplete or of another kind of model
 */
export const parseHuggingFaceConfig = (
  json: unknown,
  preprocessor?: unknown,
): { config: ClipConfig; preprocess: ClipPreprocess } => {
  const file = fields(json, "config.json")
  const kind = word(file, "model_type", ["clip", "siglip"])
  const usual = kind === "clip" ? CLIP : SIGLIP
  const vision = { ...usual.vision, ...fields(file.vision_config ?? {}, "vision_config") }
  const text = { ...usual.text, ...fields(file.text_config ?? {}, "text_config") }
  const config = kind === "clip" ? clipConfig(file, vision, text) : siglipConfig(vision, text)
  checkConfig(config)
  const {
    image_mean: mean,
    image_std: std,
    resample,
  } = fields(preprocessor ?? {}, "preprocessor_config.json")
  const interpolation = resample === PILLOW_BILINEAR ? "bilinear" : "bicubic"
  return { config, preprocess: parsePreprocess({ mean, std, interpolation }, config) }
}

const clipConfig = (file: Fields, vision: Fields, text: Fields): ClipConfig => {
  if (vision.hidden_act !== text.hidden_act)
    throw new ClipConfigError(`hidden_act is ${vision.hidden_act} for images, ${text.hidden_act} for texts`)
  return {
    embed_dim: size(file, "projection_dim", 512),
    quick_gelu: vision.hidden_act === "quick_gelu",
    vision: parseVision(visionFields(vision)),
    text: parseText({ ...textFields(text), ...poolOf(text) }),
  }
}

/** What older files call 2 is the largest id, whatever it is; the end token of all others is looked for by its id. */
const poolOf = ({ eos_token_id: end, vocab_size: vocabulary }: Fields): Fields =>
  end === 2 || end === Number(vocabulary) - 1 ? {} : { pool_type: "eos", eos_id: end }

const siglipConfig = (vision: Fields, text: Fields): ClipConfig => ({
  embed_dim: size(vision, "hidden_size"),
  quick_gelu: false,
  custom_text: true,
  init_logit_bias: -10,
  vision: parseVision({ ...visionFields(vision), timm_model_name: "vit_so400m_patch14_siglip_224" }),
  text: parseText({
    ...textFields(text),
    no_causal_mask: true,
    proj_bias: true,
    pool_type: "last",
    hf_tokenizer_name: "timm/ViT-B-16-SigLIP",
    tokenizer_kwargs: { clean: "canonicalize" },
  }),
})

const visionFields = (given: Fields): Fields => ({
  ...towerFields(given),
  image_size: given.image_size,
  patch_size: given.patch_size,
  head_width: size(given, "hidden_size") / size(given, "num_attention_heads"),
})

const textFields = (given: Fields): Fields => ({
  ...towerFields(given),
  heads: given.num_attention_heads,
  context_length: given.max_position_embeddings,
  vocab_size: given.vocab_size,
})

const towerFields = (given: Fields): Fields => {
  const activation = word(given, "hidden_act", ["quick_gelu", "gelu", "gelu_pytorch_tanh"])
  return {
    width: given.hidden_size,
    layers: given.num_hidden_layers,
    mlp_ratio: ratioOf(size(given, "intermediate_size"), size(given, "hidden_size")),
    norm_kwargs: { eps: positive(given, "layer_norm_eps", 1e-5) },
    act_kwargs: activation === "gelu_pytorch_tanh" ? { approximate: "tanh" } : {},
  }
}

/** A ratio that gives that width again when it is multiplied and rounded down. */
const ratioOf = (hidden: number, width: number): number =>
  Math.trunc(width * (hidden / width)) === hidden ? hidden / width : (hidden + 0.5) / width
