import { ClipConfigError, type Fields } from "./config-fields.ts"

/** Sizes of timm's SigLIP towers, by the part of their name before the patch size. */
const SIZES: Readonly<Record<string, Fields>> = {
  base: { width: 768, layers: 12, head_width: 64 },
  large: { width: 1024, layers: 24, head_width: 64 },
  so400m: { width: 1152, layers: 27, head_width: 72, mlp_ratio: 3.7362 },
  giantopt: { width: 1536, layers: 40, head_width: 96 },
}

/** Towers that timm gives GELU's approximation, because the first weights that came for them had it. */
const APPROXIMATE = /_giantopt_|_patch32_|_so400m_patch16_|_large_patch16_siglip_512/

/**
 * The sizes that a timm model's name stands for, in open_clip's words.
 *
 * @throws ClipConfigError when it is no tower of SigLIP
 */
export const timmTower = (name: string): Fields => {
  const [, family = "", patch, image] = /^vit_([a-z0-9]+)_patch(\d+)_siglip_(\d+)(?:\.|$)/.exec(name) ?? []
  const sizes = Object.hasOwn(SIZES, family) ? SIZES[family] : undefined
  if (sizes === undefined) {
    const known = Object.keys(SIZES).map((one) => `vit_${one}_patch…_siglip_…`)
    throw new ClipConfigError(
      `vision_cfg.timm_model_name is "${name}": of timm's towers this project has ${known.join(", ")}`,
    )
  }
  const approximate = APPROXIMATE.test(name)
  return {
    ...sizes,
    patch_size: Number(patch),
    image_size: Number(image),
    ...(approximate ? { act_kwargs: { approximate: "tanh" } } : {}),
  }
}
