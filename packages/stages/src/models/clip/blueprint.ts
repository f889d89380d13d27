import { type ClipConfig, hiddenWidth, isSiglip, patchesOfSide } from "./config.ts"
import { textPrefix } from "./text-tower.ts"
import type { TextConfig, VisionConfig } from "./tower-config.ts"
import { type BlockNames, OPEN_CLIP_BLOCK, TIMM_BLOCK } from "./transformer.ts"

/** What a parameter is before training: all one value, or normal around 0 with that standard deviation. */
export type Initial = { readonly value: number } | { readonly deviation: number }

/** Shape and start of a parameter. Kernels of convolutions are [height, width, in, out]. */
export interface Blueprint {
  readonly shape: ReadonlyArray<number>
  readonly initial: Initial
}

type Named = readonly [name: string, blueprint: Blueprint]

/**
 * Every parameter of a CLIP model by open_clip's name, with the initialisation of OpenAI's CLIP (Radford et al., 2021,
 * and their code's `initialize_parameters`).
 */
export const blueprintsOf = (config: ClipConfig): ReadonlyMap<string, Blueprint> =>
  new Map([
    ...(isSiglip(config) ? siglipImageTower(config.vision) : clipImageTower(config)),
    ...textTower(config),
    ["logit_scale", constant([], Math.log(config.init_logit_bias === undefined ? 1 / 0.07 : 10))],
    ...(config.init_logit_bias === undefined
      ? []
      : [["logit_bias", constant([], config.init_logit_bias)] as const]),
  ])

const clipImageTower = ({ embed_dim, vision }: ClipConfig): ReadonlyArray<Named> => {
  const { width } = vision
  const deviation = width ** -0.5
  return [
    ["visual.conv1.weight", patchKernel(vision)],
    ["visual.class_embedding", normal([width], deviation)],
    ["visual.positional_embedding", normal([1 + patchesOfSide(vision) ** 2, width], deviation)],
    ...norm("visual.ln_pre", width),
    ...transformer("visual.transformer", vision, OPEN_CLIP_BLOCK),
    ...norm("visual.ln_post", width),
    ["visual.proj", normal([width, embed_dim], deviation)],
  ]
}

const siglipImageTower = (vision: VisionConfig): ReadonlyArray<Named> => {
  const { width } = vision
  const deviation = width ** -0.5
  const pool = "visual.trunk.attn_pool"
  return [
    ["visual.trunk.patch_embed.proj.weight", patchKernel(vision)],
    ["visual.trunk.patch_embed.proj.bias", constant([width], 0)],
    ["visual.trunk.pos_embed", normal([1, patchesOfSide(vision) ** 2, width], deviation)],
    ...transformer("visual.trunk", vision, TIMM_BLOCK),
    ...norm("visual.trunk.norm", width),
    [`${pool}.latent`, normal([1, 1, width], deviation)],
    ...linear(`${pool}.q`, width, width, deviation),
    ...linear(`${pool}.kv`, width, 2 * width, deviation),
    ...linear(`${pool}.proj`, width, width, deviation),
    ...norm(`${pool}.norm`, width),
    ...linear(`${pool}.mlp.fc1`, width, hiddenWidth(vision), (2 * width) ** -0.5),
    ...linear(`${pool}.mlp.fc2`, hiddenWidth(vision), width, deviation),
  ]
}

const textTower = (config: ClipConfig): ReadonlyArray<Named> => {
  const { embed_dim, text } = config
  const { width } = text
  const prefix = textPrefix(config) === "" ? "" : `${textPrefix(config)}.`
  return [
    [`${prefix}token_embedding.weight`, normal([text.vocab_size, width], 0.02)],
    [`${prefix}positional_embedding`, normal([text.context_length, width], 0.01)],
    ...transformer(`${prefix}transformer`, text, OPEN_CLIP_BLOCK),
    ...norm(`${prefix}ln_final`, width),
    ...(text.proj_bias
      ? linear(`${prefix}text_projection`, width, embed_dim, width ** -0.5)
      : [[`${prefix}text_projection`, normal([width, embed_dim], width ** -0.5)] as const]),
  ]
}

const patchKernel = ({ patch_size: patch, width }: VisionConfig): Blueprint =>
  normal([patch, patch, 3, width], (patch ** 2 * 3) ** -0.5)

const transformer = (
  prefix: string,
  tower: VisionConfig | TextConfig,
  names: BlockNames,
): ReadonlyArray<Named> => {
  const { width, layers } = tower
  const hidden = hiddenWidth(tower)
  const inward = width ** -0.5
  const outward = inward * (2 * layers) ** -0.5
  const blocks = Array.from({ length: layers }, (_, layer) => `${prefix}.${names.list}.${layer}`)
  return blocks.flatMap((block) => [
    ...norm(`${block}.${names.norms[0]}`, width),
    [`${block}.${names.inward}weight`, normal([3 * width, width], inward)] as const,
    [`${block}.${names.inward}bias`, constant([3 * width], 0)] as const,
    ...linear(`${block}.${names.outward}`, width, width, outward),
    ...norm(`${block}.${names.norms[1]}`, width),
    ...linear(`${block}.${names.perceptron[0]}`, width, hidden, (2 * width) ** -0.5),
    ...linear(`${block}.${names.perceptron[1]}`, hidden, width, outward),
  ])
}

const norm = (name: string, width: number): ReadonlyArray<Named> => [
  [`${name}.weight`, constant([width], 1)],
  [`${name}.bias`, constant([width], 0)],
]

const linear = (name: string, inputs: number, outputs: number, deviation: number): ReadonlyArray<Named> => [
  [`${name}.weight`, normal([outputs, inputs], deviation)],
  [`${name}.bias`, constant([outputs], 0)],
]

const normal = (shape: ReadonlyArray<number>, deviation: number): Blueprint => ({
  shape,
  initial: { deviation },
})

const constant = (shape: ReadonlyArray<number>, value: number): Blueprint => ({ shape, initial: { value } })
