import { type Fields, fields, layers, positive, refuseOthers, size, word } from "./config-fields.ts"
import { timmTower } from "./timm-towers.ts"

/** What both towers may have otherwise than OpenAI's CLIP, in open_clip's words. */
interface TowerOptions {
  /** Width of the perceptrons by the tower's; 4 when absent. */
  readonly mlp_ratio?: number
  /** `tanh`: GELU by its approximation with tanh. */
  readonly act_kwargs?: { readonly approximate: "tanh" }
  /** The epsilon of every normalisation; 1e-5 when absent (timm's towers: 1e-6). */
  readonly norm_kwargs?: { readonly eps: number }
}

/** The image tower, in open_clip's words. Sizes in pixels. */
export interface VisionConfig extends TowerOptions {
  readonly image_size: number
  readonly layers: number
  readonly width: number
  /** Heads are the width divided by this, rounded down. */
  readonly head_width: number
  readonly patch_size: number
  /** timm's name of a tower of SigLIP: no class token, but attention pooling (timm's `map`), and timm's key names. */
  readonly timm_model_name?: string
}

/** The text tower, in open_clip's words. */
export interface TextConfig extends TowerOptions {
  readonly context_length: number
  readonly vocab_size: number
  readonly width: number
  readonly heads: number
  readonly layers: number
  /** The token that stands for the text: the one of the largest id (when absent), the first, the last, or the first `eos_id`. */
  readonly pool_type?: "first" | "last" | "eos"
  readonly eos_id?: number
  /** Tokens see those after them too. */
  readonly no_causal_mask?: true
  /** The projection has a bias. */
  readonly proj_bias?: true
  /** How texts are cleaned before SigLIP's tokenizer sees them. */
  readonly tokenizer_kwargs?: { readonly clean: "canonicalize" | "lower" | "whitespace" }
  /** The repository that the tokenizer's tokenizer.json comes from; absent for CLIP's own byte pairs. */
  readonly hf_tokenizer_name?: string
}

/** open_clip's own kinds of attention blocks. */
const BLOCK_EXPECTED: Fields = {
  ls_init_value: null,
  qk_norm: false,
  scaled_cosine_attn: false,
  scale_heads: false,
  scale_attn_inner: false,
  scale_attn: false,
  scale_fc: false,
}

/** Options of open_clip that change the architecture, with the values that they must have here. */
const VISION_EXPECTED: Fields = {
  ...BLOCK_EXPECTED,
  pool_type: "tok",
  final_ln_after_pool: false,
  no_ln_pre: false,
  attentional_pool: false,
  global_average_pool: false,
  input_patchnorm: false,
  pos_embed_type: "learnable",
}
const TIMM_EXPECTED: Fields = { timm_pool: "map", timm_proj: "none", timm_proj_bias: false }
const TEXT_EXPECTED: Fields = {
  ...BLOCK_EXPECTED,
  hf_model_name: null,
  embed_cls: false,
  final_ln_after_pool: false,
  proj_type: "linear",
}

/** Reads `vision_cfg`. */
export const parseVision = (given: Fields): VisionConfig => {
  if (typeof given.timm_model_name === "string") return parseTimm(given, given.timm_model_name)
  refuseOthers(given, VISION_EXPECTED, "vision_cfg")
  return {
    image_size: size(given, "image_size"),
    layers: layers(given, "layers"),
    width: size(given, "width"),
    head_width: size(given, "head_width", 64),
    patch_size: size(given, "patch_size"),
    ...optionsOf(given, { ratio: 4, epsilon: 1e-5 }),
  }
}

/** Sizes given beside timm's name count more than those of the name: that is how towers of other sizes are written. */
const parseTimm = (given: Fields, name: string): VisionConfig => {
  refuseOthers(
    { ...given, timm_pool: given.timm_pool || "map", timm_proj: given.timm_proj || "none" },
    TIMM_EXPECTED,
    "vision_cfg",
  )
  const sizes: Fields = { ...timmTower(name), ...given }
  return {
    image_size: size(sizes, "image_size", 224),
    layers: layers(sizes, "layers"),
    width: size(sizes, "width"),
    head_width: size(sizes, "head_width"),
    patch_size: size(sizes, "patch_size"),
    ...optionsOf(sizes, { ratio: 4, epsilon: 1e-6 }),
    timm_model_name: name,
  }
}

/** Reads `text_cfg`. */
export const parseText = (given: Fields): TextConfig => {
  refuseOthers(given, TEXT_EXPECTED, "text_cfg")
  const pool = word(given, "pool_type", ["argmax", "first", "last", "eos"])
  const { hf_tokenizer_name: tokenizer } = given
  return {
    context_length: size(given, "context_length", 77),
    vocab_size: size(given, "vocab_size", 49408),
    width: size(given, "width", 512),
    heads: size(given, "heads", 8),
    layers: layers(given, "layers", 12),
    ...optionsOf(given, { ratio: 4, epsilon: 1e-5 }),
    ...(pool === "argmax" ? {} : { pool_type: pool }),
    ...(pool === "eos" ? { eos_id: size(given, "eos_id", 2) } : {}),
    ...(given.no_causal_mask === true ? { no_causal_mask: true } : {}),
    ...(given.proj_bias === true ? { proj_bias: true } : {}),
    ...(typeof tokenizer === "string" && tokenizer !== ""
      ? { hf_tokenizer_name: tokenizer, tokenizer_kwargs: { clean: cleaningOf(given) } }
      : {}),
  }
}

const cleaningOf = (given: Fields): "canonicalize" | "lower" | "whitespace" =>
  word(fields(given.tokenizer_kwargs ?? {}, "tokenizer_kwargs"), "clean", [
    "whitespace",
    "lower",
    "canonicalize",
  ])

/** Only what is not the default, so that the same model has the same configuration however it was written. */
const optionsOf = (
  given: Fields,
  usual: { readonly ratio: number; readonly epsilon: number },
): TowerOptions => {
  const ratio = positive(given, "mlp_ratio", 4)
  const epsilon = positive(fields(given.norm_kwargs ?? {}, "norm_kwargs"), "eps", usual.epsilon)
  const activation = fields(given.act_kwargs ?? {}, "act_kwargs")
  const approximate = word(activation, "approximate", ["none", "tanh"])
  return {
    ...(ratio === usual.ratio ? {} : { mlp_ratio: ratio }),
    ...(approximate === "none" ? {} : { act_kwargs: { approximate } }),
    ...(epsilon === usual.epsilon ? {} : { norm_kwargs: { eps: epsilon } }),
  }
}
