import { ClipConfigError, fields } from "./config-fields.ts"
import type { VisionConfig } from "./tower-config.ts"

/** How an image becomes pixels for the model: `shortest` resizes the short side and crops, `squash` resizes both. */
export interface ClipPreprocess {
  readonly size: number
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
  readonly mode: "shortest" | "squash"
  /** `bicubic` without other word. */
  readonly interpolation?: "bilinear"
}

/** The mean and the standard deviation of OpenAI's training images. */
export const OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073] as const
export const OPENAI_STD = [0.26862954, 0.26130258, 0.27577711] as const

const HALF = [0.5, 0.5, 0.5] as const

/** Reads open_clip's `preprocess_cfg`; without one, a model has what its family was trained with. */
export const parsePreprocess = (
  json: unknown,
  { vision }: { readonly vision: VisionConfig },
): ClipPreprocess => {
  const given = json === undefined ? {} : fields(json, "preprocess_cfg")
  const siglip = vision.timm_model_name !== undefined
  const { interpolation = "bicubic", resize_mode: mode = siglip ? "squash" : "shortest" } = given
  // `random` is for training; models are evaluated with bicubic then, as by open_clip.
  if (interpolation !== "bicubic" && interpolation !== "bilinear" && interpolation !== "random") {
    throw new ClipConfigError(
      `preprocess_cfg.interpolation is ${JSON.stringify(interpolation)}, not "bicubic" or "bilinear"`,
    )
  }
  if (mode !== "shortest" && mode !== "squash") {
    throw new ClipConfigError(
      `preprocess_cfg.resize_mode is ${JSON.stringify(mode)}, not "shortest" or "squash"`,
    )
  }
  return {
    size: vision.image_size,
    mean: given.mean === undefined ? (siglip ? HALF : OPENAI_MEAN) : colour(given.mean, "mean"),
    std: given.std === undefined ? (siglip ? HALF : OPENAI_STD) : colour(given.std, "std"),
    mode,
    ...(interpolation === "bilinear" ? { interpolation } : {}),
  }
}

const colour = (value: unknown, name: string): readonly [number, number, number] => {
  const [red, green, blue] = Array.isArray(value) ? value : []
  if (typeof red !== "number" || typeof green !== "number" || typeof blue !== "number") {
    throw new ClipConfigError(`preprocess_cfg.${name} is ${JSON.stringify(value)}, not three numbers`)
  }
  return [red, green, blue]
}
