/** The image tower, in open_clip's words. Sizes in pixels. */
export interface VisionConfig {
  readonly image_size: number
  readonly layers: number
  readonly width: number
  readonly head_width: number
  readonly patch_size: number
}

/** The text tower, in open_clip's words. */
export interface TextConfig {
  readonly context_length: number
  readonly vocab_size: number
  readonly width: number
  readonly heads: number
  readonly layers: number
}

/** Architecture of a CLIP model: two transformers and the size of the space that they share. */
export interface ClipConfig {
  readonly embed_dim: number
  /** Whether the activation is x · σ(1.702 x), as in OpenAI's models, and not GELU. */
  readonly quick_gelu: boolean
  readonly vision: VisionConfig
  readonly text: TextConfig
}

/** How an image becomes pixels for the model: `shortest` resizes the short side and crops, `squash` resizes both. */
export interface ClipPreprocess {
  readonly size: number
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
  readonly mode: "shortest" | "squash"
}

/** The mean and the standard deviation of OpenAI's training images. */
export const OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073] as const
export const OPENAI_STD = [0.26862954, 0.26130258, 0.27577711] as const

/** A configuration that describes no model this project can run. */
export class ClipConfigError extends Error {
  override readonly name = "ClipConfigError"
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a configuration: open_clip's `open_clip_config.json`, its model_cfg alone, or the same with `vision` and `text`
 * for `vision_cfg` and `text_cfg`.
 *
 * @throws ClipConfigError when it is incomplete or describes another architecture
 */
export const parseClipConfig = (json: unknown): { config: ClipConfig; preprocess: ClipPreprocess } => {
  const file = fields(json, "the configuration")
  const model = file.model_cfg === undefined ? file : fields(file.model_cfg, "model_cfg")
  const config: ClipConfig = {
    embed_dim: size(model, "embed_dim"),
    quick_gelu: model.quick_gelu === true,
    vision: parseVision(fields(model.vision_cfg ?? model.vision, "vision_cfg")),
    text: parseText(fields(model.text_cfg ?? model.text, "text_cfg")),
  }
  checkDivides(config.vision.head_width, config.vision.width, "the vision tower's head width and width")
  checkDivides(config.vision.patch_size, config.vision.image_size, "patch size and image size")
  checkDivides(config.text.heads, config.text.width, "the text tower's heads and width")
  return { config, preprocess: parsePreprocess(file.preprocess_cfg, config.vision.image_size) }
}

/** Options of open_clip that change the architecture, with the values that mean CLIP's own. */
const VISION_DEFAULTS: Fields = {
  timm_model_name: undefined,
  pool_type: "tok",
  final_ln_after_pool: false,
  no_ln_pre: false,
  attentional_pool: false,
  global_average_pool: false,
  input_patchnorm: false,
  act_kwargs: {},
  norm_kwargs: {},
  mlp_ratio: 4,
  ls_init_value: null,
}
const TEXT_DEFAULTS: Fields = {
  hf_model_name: undefined,
  pool_type: "argmax",
  no_causal_mask: false,
  embed_cls: false,
  proj_bias: false,
  act_kwargs: {},
  norm_kwargs: {},
  mlp_ratio: 4,
  ls_init_value: null,
}

const parseVision = (vision: Fields): VisionConfig => {
  refuseOthers(vision, VISION_DEFAULTS, "vision_cfg")
  return {
    image_size: size(vision, "image_size"),
    layers: size(vision, "layers"),
    width: size(vision, "width"),
    head_width: vision.head_width === undefined ? 64 : size(vision, "head_width"),
    patch_size: size(vision, "patch_size"),
  }
}

const parseText = (text: Fields): TextConfig => {
  refuseOthers(text, TEXT_DEFAULTS, "text_cfg")
  return {
    context_length: text.context_length === undefined ? 77 : size(text, "context_length"),
    vocab_size: text.vocab_size === undefined ? 49408 : size(text, "vocab_size"),
    width: size(text, "width"),
    heads: size(text, "heads"),
    layers: size(text, "layers"),
  }
}

const refuseOthers = (given: Fields, defaults: Fields, where: string): void => {
  for (const [option, value] of Object.entries(defaults)) {
    if (given[option] !== undefined && JSON.stringify(given[option]) !== JSON.stringify(value)) {
      throw new ClipConfigError(
        `${where}.${option} is ${JSON.stringify(given[option])}: another architecture than OpenAI's CLIP`,
      )
    }
  }
}

const parsePreprocess = (json: unknown, imageSize: number): ClipPreprocess => {
  const given = json === undefined ? {} : fields(json, "preprocess_cfg")
  const { interpolation = "bicubic", resize_mode: mode = "shortest" } = given
  if (interpolation !== "bicubic") {
    throw new ClipConfigError(
      `preprocess_cfg.interpolation is ${JSON.stringify(interpolation)}, not "bicubic"`,
    )
  }
  if (mode !== "shortest" && mode !== "squash") {
    throw new ClipConfigError(
      `preprocess_cfg.resize_mode is ${JSON.stringify(mode)}, not "shortest" or "squash"`,
    )
  }
  return {
    size: imageSize,
    mean: given.mean === undefined ? OPENAI_MEAN : colour(given.mean, "mean"),
    std: given.std === undefined ? OPENAI_STD : colour(given.std, "std"),
    mode,
  }
}

const fields = (value: unknown, what: string): Fields => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ClipConfigError(`${what} is missing or not a JSON object`)
  }
  return { ...value }
}

const size = (given: Fields, name: string): number => {
  const value = given[name]
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new ClipConfigError(`${name} is ${JSON.stringify(value)}, not a whole number from 1`)
  }
  return value
}

const colour = (value: unknown, name: string): readonly [number, number, number] => {
  const [red, green, blue] = Array.isArray(value) ? value : []
  if (typeof red !== "number" || typeof green !== "number" || typeof blue !== "number") {
    throw new ClipConfigError(`preprocess_cfg.${name} is ${JSON.stringify(value)}, not three numbers`)
  }
  return [red, green, blue]
}

const checkDivides = (part: number, whole: number, what: string): void => {
  if (whole % part !== 0) throw new ClipConfigError(`${what} do not fit: ${part} does not divide ${whole}`)
}
