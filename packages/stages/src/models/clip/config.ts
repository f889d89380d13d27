import { ClipConfigError, type Fields, fields, size } from "./config-fields.ts"
import { type ClipPreprocess, parsePreprocess } from "./preprocess-config.ts"
import { parseText, parseVision, type TextConfig, type VisionConfig } from "./tower-config.ts"

/** Architecture of a CLIP model: two transformers and the size of the space that they share. */
export interface ClipConfig {
  readonly embed_dim: number
  /** Whether the activation is x · σ(1.702 x), as in OpenAI's models, and not GELU. */
  readonly quick_gelu: boolean
  /** The names of the text tower's parameters begin with `text.`. */
  readonly custom_text?: true
  /** Cosines get a bias too, which starts from this number: a model with SigLIP's sigmoid loss. */
  readonly init_logit_bias?: number
  readonly vision: VisionConfig
  readonly text: TextConfig
}

/**
 * Reads a configuration: open_clip's `open_clip_config.json`, its model_cfg alone, or the same with `vision` and `text`
 * for `vision_cfg` and `text_cfg`.
 *
 * @throws ClipConfigError when it is incomplete or describes another architecture
 */
export const parseClipConfig = (json: unknown): { config: ClipConfig; preprocess: ClipPreprocess } => {
  const file = fields(json, "the configuration")
  const given = file.model_cfg === undefined ? file : fields(file.model_cfg, "model_cfg")
  const model = isSizesOfSiglip(given) ? siglipOfSizes(given) : given
  const config: ClipConfig = {
    embed_dim: size(model, "embed_dim"),
    quick_gelu: model.quick_gelu === true,
    ...(model.custom_text === true ? { custom_text: true } : {}),
    ...(typeof model.init_logit_bias === "number" ? { init_logit_bias: model.init_logit_bias } : {}),
    vision: parseVision(fields(model.vision_cfg ?? model.vision, "vision_cfg")),
    text: parseText(fields(model.text_cfg ?? model.text, "text_cfg")),
  }
  checkConfig(config)
  return { config, preprocess: parsePreprocess(file.preprocess_cfg, config) }
}

/** Heads of the image tower. */
export const visionHeads = ({ width, head_width }: VisionConfig): number => Math.floor(width / head_width)

/** Patches along a side; what is left of the image at its right and bottom is not seen. */
export const patchesOfSide = ({ image_size, patch_size }: VisionConfig): number =>
  Math.floor(image_size / patch_size)

/** Width of the hidden layer of a tower's perceptrons, rounded as Python's `int` does. */
export const hiddenWidth = ({ width, mlp_ratio = 4 }: VisionConfig | TextConfig): number =>
  Math.trunc(width * mlp_ratio)

/** Whether the image tower is one of SigLIP's. */
export const isSiglip = ({ vision }: ClipConfig): boolean => vision.timm_model_name !== undefined

/** Refuses sizes that do not fit each other. */
export const checkConfig = (config: ClipConfig): void => {
  const { vision, text } = config
  checkDivides(visionHeads(vision), vision.width, "the vision tower's heads and width")
  checkDivides(text.heads, text.width, "the text tower's heads and width")
  if (patchesOfSide(vision) < 1)
    throw new ClipConfigError(`a patch of ${vision.patch_size} pixels is larger than the image`)
  if (isSiglip(config) && vision.width !== config.embed_dim) {
    throw new ClipConfigError(
      `embed_dim is ${config.embed_dim}, but SigLIP's image tower has no projection and gives ${vision.width}`,
    )
  }
}

const checkDivides = (part: number, whole: number, what: string): void => {
  if (part < 1 || whole % part !== 0)
    throw new ClipConfigError(`${what} do not fit: ${part} does not divide ${whole}`)
}

/** open_clip writes a SigLIP by timm's name; one of other sizes than timm's may give the image tower's sizes instead. */
const isSizesOfSiglip = (given: Fields): boolean =>
  given.vision_cfg === undefined && given.vision === undefined && given.width !== undefined

const siglipOfSizes = (given: Fields): Fields => ({
  embed_dim: given.width,
  custom_text: true,
  init_logit_bias: -10,
  vision_cfg: {
    ...given,
    timm_model_name: "vit_so400m_patch14_siglip_224",
    head_width: size(given, "width") / size(given, "heads"),
  },
  text_cfg: {
    no_causal_mask: true,
    proj_bias: true,
    pool_type: "last",
    norm_kwargs: { eps: 1e-6 },
    mlp_ratio: given.mlp_ratio ?? 4,
    ...fields(given.text ?? given.text_cfg, "text"),
  },
})
