/** A tensor of one naming, and how many equal shares of rows it has of those that correspond to one another. */
export type Share = readonly [name: string, shares: number]

/** Tensors of open_clip's naming (OpenAI's is the same) and of Hugging Face's that hold the same rows in this order. */
export interface Correspondence {
  readonly openClip: ReadonlyArray<Share>
  readonly huggingFace: ReadonlyArray<Share>
  /** Whether one is the other's transpose, or open_clip's has an axis of length 1 before the others. */
  readonly form: "same" | "transposed" | "led-by-one"
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

const same = (
  openClip: string,
  huggingFace: string,
  form: Correspondence["form"] = "same",
): Correspondence => ({
  openClip: [[openClip, 1]],
  huggingFace: [[huggingFace, 1]],
  form,
})

/** Tensors of the same values; names that end in a dot have a weight and a bias. */
const alike = (names: ReadonlyArray<readonly [string, string]>): ReadonlyArray<Correspondence> =>
  names.flatMap(([ours, theirs]) =>
    ours.endsWith(".") ? PARTS.map((part) => same(ours + part, theirs + part)) : [same(ours, theirs)],
  )

/** The names of a block of open_clip's and where its joined projection is. */
interface BlockNaming {
  readonly names: ReadonlyArray<readonly [string, string]>
  readonly joined: string
}

const OPEN_CLIP: BlockNaming = { names: BLOCK_NAMES, joined: "attn.in_proj_" }

const blocks = (
  openClip: string,
  { names, joined }: BlockNaming,
  tower: string,
  layers: number,
): ReadonlyArray<Correspondence> =>
  Array.from({ length: layers }, (_, layer) => {
    const [ours, theirs] = [`${openClip}.${layer}`, `${tower}.encoder.layers.${layer}`]
    const projections = PARTS.map(
      (part): Correspondence => ({
        openClip: [[`${ours}.${joined}${part}`, 3]],
        huggingFace: ["q_proj", "k_proj", "v_proj"].map((name) => [`${theirs}.self_attn.${name}.${part}`, 1]),
        form: "same",
      }),
    )
    return [...alike(names.map(([one, other]) => [`${ours}.${one}.`, `${theirs}.${other}.`])), ...projections]
  }).flat()

/** How many blocks each tower has. */
export interface Layers {
  readonly vision: number
  readonly text: number
}

/** What corresponds to what in a CLIP model. */
export const clipCorrespondences = ({ vision, text }: Layers): ReadonlyArray<Correspondence> => [
  ...alike(TOWER_NAMES),
  ...TRANSPOSED_NAMES.map(([ours, theirs]) => same(ours, theirs, "transposed")),
  ...blocks("visual.transformer.resblocks", OPEN_CLIP, "vision_model", vision),
  ...blocks("transformer.resblocks", OPEN_CLIP, "text_model", text),
]

/** timm's names of a block on the left. */
const TIMM: BlockNaming = {
  names: [
    ["norm1", "layer_norm1"],
    ["attn.proj", "self_attn.out_proj"],
    ["norm2", "layer_norm2"],
    ["mlp.fc1", "mlp.fc1"],
    ["mlp.fc2", "mlp.fc2"],
  ],
  joined: "attn.qkv.",
}

const POOL = "visual.trunk.attn_pool"
const HEAD = "vision_model.head"

const SIGLIP_NAMES: ReadonlyArray<readonly [string, string]> = [
  ["visual.trunk.patch_embed.proj.", "vision_model.embeddings.patch_embedding."],
  ["visual.trunk.norm.", "vision_model.post_layernorm."],
  [`${POOL}.latent`, `${HEAD}.probe`],
  [`${POOL}.proj.`, `${HEAD}.attention.out_proj.`],
  [`${POOL}.norm.`, `${HEAD}.layernorm.`],
  [`${POOL}.mlp.fc1.`, `${HEAD}.mlp.fc1.`],
  [`${POOL}.mlp.fc2.`, `${HEAD}.mlp.fc2.`],
  ["text.token_embedding.weight", "text_model.embeddings.token_embedding.weight"],
  ["text.positional_embedding", "text_model.embeddings.position_embedding.weight"],
  ["text.ln_final.", "text_model.final_layer_norm."],
  ["text.text_projection.", "text_model.head."],
  ["logit_scale", "logit_scale"],
  ["logit_bias", "logit_bias"],
]

/** What corresponds to what in a SigLIP. */
export const siglipCorrespondences = ({ vision, text }: Layers): ReadonlyArray<Correspondence> => [
  ...alike(SIGLIP_NAMES),
  same("visual.trunk.pos_embed", "vision_model.embeddings.position_embedding.weight", "led-by-one"),
  ...PARTS.map(
    (part): Correspondence => ({
      openClip: [
        [`${POOL}.q.${part}`, 1],
        [`${POOL}.kv.${part}`, 2],
      ],
      huggingFace: [[`${HEAD}.attention.in_proj_${part}`, 3]],
      form: "same",
    }),
  ),
  ...blocks("visual.trunk.blocks", TIMM, "vision_model", vision),
  ...blocks("text.transformer.resblocks", OPEN_CLIP, "text_model", text),
]

/** What corresponds to what in a checkpoint of Hugging Face's names, given without what stands before all of them. */
export const correspondencesOf = (names: ReadonlyArray<string>): ReadonlyArray<Correspondence> => {
  const layers = { vision: countLayers(names, "vision_model"), text: countLayers(names, "text_model") }
  const isSiglip = names.includes(`${HEAD}.probe`)
  return isSiglip ? siglipCorrespondences(layers) : clipCorrespondences(layers)
}

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

/** How many blocks names of Hugging Face's describe in a tower. */
const countLayers = (names: Iterable<string>, tower: "vision_model" | "text_model"): number => {
  let layers = 0
  for (const name of names) {
    const layer = new RegExp(`^${tower}\\.encoder\\.layers\\.(\\d{1,4})\\.`).exec(name)?.[1]
    if (layer !== undefined) layers = Math.max(layers, Number(layer) + 1)
  }
  return layers
}
