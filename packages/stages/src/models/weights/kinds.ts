/** What weights are for in this project. */
export type Wanted = "clip" | "unet" | "autoencoder" | "text-encoder"

interface Kind {
  /** A name that such weights have. */
  readonly has: RegExp
  /** A name that they don't have. */
  readonly lacks?: RegExp
  readonly is: string
  readonly serves?: Wanted
}

/** The more particular before the more general. */
const KINDS: ReadonlyArray<Kind> = [
  { has: /lora_(A|B|up|down|unet|te)\b|\.lora\./, is: "LoRA weights, which change a model and are none" },
  {
    has: /^(model\.diffusion_model|cond_stage_model|conditioner\.embedders)\./,
    is: "a checkpoint of Stable Diffusion's original code, all parts in one file: diffusers' from_single_file and save_pretrained make a folder of it",
  },
  { has: /^controlnet_cond_embedding\./, is: "a ControlNet" },
  { has: /^add_embedding\./, is: "the UNet of Stable Diffusion XL" },
  {
    has: /^((double|single|joint)_blocks|single_transformer_blocks)\.|^transformer_blocks\.\d+\.attn\.add_/,
    is: "a diffusion transformer (Stable Diffusion 3, FLUX), not a UNet",
  },
  { has: /^time_embedding\.linear_1\./, is: "a UNet in diffusers' names", serves: "unet" },
  { has: /^(encoder|decoder)\.(down|up)\.\d+\./, is: "an autoencoder of Stable Diffusion's original code" },
  {
    has: /^(encoder|decoder)\.mid_block\./,
    is: "an autoencoder (AutoencoderKL) in diffusers' names",
    serves: "autoencoder",
  },
  { has: /(^|\.)text_decoder\./, is: "a CoCa, a CLIP that writes captions" },
  { has: /(^|\.)visual\.layer1\.0\./, is: "a CLIP whose image tower is a ResNet" },
  {
    has: /(^|\.)visual\.trunk\.(stem|stages|cls_token)\b/,
    is: "a CLIP whose image tower is none of SigLIP's (ConvNeXt, EVA, MobileCLIP)",
  },
  {
    has: /(^|\.)text\.transformer\.(embeddings|encoder|shared)\./,
    is: "a CLIP of open_clip whose text tower is one of transformers (RoBERTa, mT5)",
  },
  {
    has: /(^|\.)token_embedding\.weight$/,
    lacks: /(^|\.)(visual|vision_model)\.|^(text_model\.)?embeddings\./,
    is: "the text tower of a CLIP alone",
  },
  {
    has: /(^|\.)visual\.(conv1|trunk)\.|^conv1\.weight$/,
    lacks: /(^|\.)token_embedding\.weight$/,
    is: "the image tower of a CLIP alone",
  },
  {
    has: /^(text_model\.)?(embeddings\.token_embedding|encoder\.layers\.0\.self_attn)\./,
    lacks: /(^|\.)vision_model\./,
    is: "a text tower of transformers alone, as in the text_encoder of Stable Diffusion",
    serves: "text-encoder",
  },
  {
    has: /(^|\.)vision_model\.|^embeddings\.patch_embedding\./,
    lacks: /(^|\.)text_model\./,
    is: "an image tower of transformers alone (CLIPVisionModel, SiglipVisionModel)",
  },
  {
    has: /(^|\.)(vision_model\.embeddings|visual\.conv1|visual\.trunk)\b/,
    is: "a whole CLIP",
    serves: "clip",
  },
  {
    has: /^(cls_token|pos_embed|embeddings\.cls_token)$/,
    is: "a vision transformer that knows no texts (such as DINO)",
  },
]

/** What kind of weights names tell of, where it is another one than wanted. */
export const otherKind = (names: ReadonlyArray<string>, wanted: Wanted): string | undefined => {
  const some = (pattern: RegExp | undefined) =>
    pattern !== undefined && names.some((name) => pattern.test(name))
  const kind = KINDS.find(({ has, lacks }) => some(has) && !some(lacks))
  return kind === undefined || kind.serves === wanted ? undefined : kind.is
}
