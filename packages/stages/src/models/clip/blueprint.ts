import type { ClipConfig } from "./config.ts"

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
export const blueprintsOf = ({ embed_dim, vision, text }: ClipConfig): ReadonlyMap<string, Blueprint> => {
  const patches = (vision.image_size / vision.patch_size) ** 2
  const patchValues = vision.patch_size ** 2 * 3
  const byVision = vision.width ** -0.5
  return new Map([
    [
      "visual.conv1.weight",
      normal([vision.patch_size, vision.patch_size, 3, vision.width], patchValues ** -0.5),
    ],
    ["visual.class_embedding", normal([vision.width], byVision)],
    ["visual.positional_embedding", normal([1 + patches, vision.width], byVision)],
    ...norm("visual.ln_pre", vision.width),
    ...transformer("visual.transformer", vision.width, vision.layers),
    ...norm("visual.ln_post", vision.width),
    ["visual.proj", normal([vision.width, embed_dim], byVision)],
    ["token_embedding.weight", normal([text.vocab_size, text.width], 0.02)],
    ["positional_embedding", normal([text.context_length, text.width], 0.01)],
    ...transformer("transformer", text.width, text.layers),
    ...norm("ln_final", text.width),
    ["text_projection", normal([text.width, embed_dim], text.width ** -0.5)],
    ["logit_scale", constant([], Math.log(1 / 0.07))],
  ])
}

const transformer = (prefix: string, width: number, layers: number): ReadonlyArray<Named> => {
  const inward = width ** -0.5
  const outward = inward * (2 * layers) ** -0.5
  return Array.from({ length: layers }, (_, layer) => `${prefix}.resblocks.${layer}`).flatMap((block) => [
    ...norm(`${block}.ln_1`, width),
    [`${block}.attn.in_proj_weight`, normal([3 * width, width], inward)] as const,
    [`${block}.attn.in_proj_bias`, constant([3 * width], 0)] as const,
    ...linear(`${block}.attn.out_proj`, width, width, outward),
    ...norm(`${block}.ln_2`, width),
    ...linear(`${block}.mlp.c_fc`, width, 4 * width, (2 * width) ** -0.5),
    ...linear(`${block}.mlp.c_proj`, 4 * width, width, outward),
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
