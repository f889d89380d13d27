type Fields = Readonly<Record<string, unknown>>

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {}

/** What transformers takes for what an old `config.json` leaves out. */
const VISION_DEFAULTS = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  image_size: 224,
  patch_size: 32,
}
const TEXT_DEFAULTS = {
  hidden_size: 512,
  intermediate_size: 2048,
  num_hidden_layers: 12,
  num_attention_heads: 8,
  max_position_embeddings: 77,
  vocab_size: 49408,
}

const mlpRatio = ({ intermediate_size: inner, hidden_size: width }: Fields): number =>
  Number(inner) / Number(width)

/**
 * The `config.json` of transformers' CLIPModel, and its `preprocessor_config.json` where there is one, in open_clip's
 * words; undefined when it is no CLIPModel's. What is in it is checked as open_clip's own is.
 */
export const fromHuggingFaceConfig = (json: unknown, preprocessor: unknown): Fields | undefined => {
  const config = fields(json)
  if (config.model_type !== "clip") return undefined
  const vision = { ...VISION_DEFAULTS, ...fields(config.vision_config) }
  const text = { ...TEXT_DEFAULTS, ...fields(config.text_config) }
  const { hidden_act: activation = "quick_gelu" } = fields(config.vision_config)
  const { image_mean: mean, image_std: std } = fields(preprocessor)
  return {
    model_cfg: {
      embed_dim: config.projection_dim ?? 512,
      quick_gelu: activation === "quick_gelu",
      vision_cfg: {
        image_size: vision.image_size,
        layers: vision.num_hidden_layers,
        width: vision.hidden_size,
        head_width: Number(vision.hidden_size) / Number(vision.num_attention_heads),
        patch_size: vision.patch_size,
        mlp_ratio: mlpRatio(vision),
      },
      text_cfg: {
        context_length: text.max_position_embeddings,
        vocab_size: text.vocab_size,
        width: text.hidden_size,
        heads: text.num_attention_heads,
        layers: text.num_hidden_layers,
        mlp_ratio: mlpRatio(text),
      },
    },
    preprocess_cfg: { ...(mean !== undefined && { mean }), ...(std !== undefined && { std }) },
  }
}
