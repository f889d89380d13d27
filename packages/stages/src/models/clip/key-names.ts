/** A tensor of one naming, and how many equal shares of rows it has of those that correspond to one another. */
export type Share = readonly [name: string, shares: number]

/** Tensors of open_clip's naming (OpenAI's is the same) and of Hugging Face's that hold the same rows in this order. */
export interface Correspondence {
  readonly openClip: ReadonlyArray<Share>
  readonly huggingFace: ReadonlyArray<Share>
  /** Whether one is the other's transpose. */
  readonly isTransposed: boolean
}

/** Names of a block: open_clip's on the left, Hugging Face's on the right. */
export const BLOCK_NAMES: ReadonlyArray<readonly [string, string]> = [
  ["ln_1", "layer_norm1"],
  ["attn.out_proj", "self_attn.out_proj"],
  ["ln_2", "layer_norm2"],
  ["mlp.c_fc", "mlp.fc1"],
  ["mlp.c_proj", "mlp.fc2"],
]

/** Names of whole towers; those that end in a dot have a weight and a bias. */
const TOWER_NAMES: ReadonlyArray<readonly [string, string]> = [
  ["visual.class_embedding", "vision_model.embeddings.class_embedding"],
  ["visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"],
  ["visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"],
  ["visual.ln_pre.", "vision_model.pre_layrnorm."],
  ["visual.ln_post.", "vision_model.post_layernorm."],
  ["token_embedding.weight", "text_model.embeddings.token_embedding.weight"],
  ["positional_embedding", "text_model.embeddings.position_embedding.weight"],
  ["ln_final.", "text_model.final_layer_norm."],
  ["logit_scale", "logit_scale"],
]

/** Projections, which open_clip keeps as [width, embed_dim] and Hugging Face as [embed_dim, width]. */
const TRANSPOSED_NAMES: ReadonlyArray<readonly [string, string]> = [
  ["visual.proj", "visual_projection.weight"],
  ["text_projection", "text_projection.weight"],
]

const PARTS = ["weight", "bias"] as const

const same = (openClip: string, huggingFace: string, isTransposed = false): Correspondence => ({
  openClip: [[openClip, 1]],
  huggingFace: [[huggingFace, 1]],
  isTransposed,
})

const block = (openClip: string, huggingFace: string): ReadonlyArray<Correspondence> =>
  PARTS.flatMap((part) => [
    ...BLOCK_NAMES.map(([ours, theirs]) =>
      same(`${openClip}.${ours}.${part}`, `${huggingFace}.${theirs}.${part}`),
    ),
    {
      openClip: [[`${openClip}.attn.in_proj_${part}`, 3]],
      huggingFace: ["q_proj", "k_proj", "v_proj"].map(
        (name): Share => [`${huggingFace}.self_attn.${name}.${part}`, 1],
      ),
      isTransposed: false,
    },
  ])

/** What corresponds to what in a CLIP model with so many blocks in each tower. */
export const correspondences = (visionLayers: number, textLayers: number): ReadonlyArray<Correspondence> => [
  ...TOWER_NAMES.flatMap(([ours, theirs]) =>
    ours.endsWith(".") ? PARTS.map((part) => same(ours + part, theirs + part)) : [same(ours, theirs)],
  ),
  ...TRANSPOSED_NAMES.map(([ours, theirs]) => same(ours, theirs, true)),
  ...Array.from({ length: visionLayers }, (_, layer) =>
    block(`visual.transformer.resblocks.${layer}`, `vision_model.encoder.layers.${layer}`),
  ).flat(),
  ...Array.from({ length: textLayers }, (_, layer) =>
    block(`transformer.resblocks.${layer}`, `text_model.encoder.layers.${layer}`),
  ).flat(),
]

/** Whose names a checkpoint uses. */
export type Naming = "open_clip" | "hugging-face"

/** A tensor that every CLIP of that naming has, and nothing else. */
const ANCHORS: ReadonlyArray<readonly [anchor: string, naming: Naming]> = [
  ["visual.conv1.weight", "open_clip"],
  ["visual.trunk.patch_embed.proj.weight", "open_clip"],
  ["vision_model.embeddings.patch_embedding.weight", "hugging-face"],
]

/** Whose names these are, and what training code has put before all of them: `state_dict.module.`. */
export interface FoundNaming {
  readonly naming: Naming
  readonly prefix: string
}

/** Every CLIP that these names describe. */
export const findNamings = (names: ReadonlyArray<string>): ReadonlyArray<FoundNaming> =>
  names.flatMap((name) =>
    ANCHORS.flatMap(([anchor, naming]) =>
      name === anchor || name.endsWith(`.${anchor}`)
        ? [{ naming, prefix: name.slice(0, -anchor.length) }]
        : [],
    ),
  )

/** Whether Hugging Face's names are those of a SiglipModel, whose towers are other ones: `siglipByOpenClipNames` knows them. */
export const isSiglipNaming = (names: ReadonlyArray<string>, { naming, prefix }: FoundNaming): boolean =>
  naming === "hugging-face" && names.includes(`${prefix}vision_model.head.probe`)

/** How many blocks names of Hugging Face's describe in a tower. */
export const countLayers = (names: Iterable<string>, tower: "vision_model" | "text_model"): number => {
  let layers = 0
  for (const name of names) {
    const layer = new RegExp(`^${tower}\\.encoder\\.layers\\.(\\d{1,4})\\.`).exec(name)?.[1]
    if (layer !== undefined) layers = Math.max(layers, Number(layer) + 1)
  }
  return layers
}
