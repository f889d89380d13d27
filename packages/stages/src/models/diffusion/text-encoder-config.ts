import {
  DiffusionConfigError,
  type Fields,
  fieldsOf,
  layersOf,
  numberOf,
  sizeOf,
  wordOf,
} from "./config-fields.ts"

/** The structure of a CLIPTextModel. */
export interface TextEncoderConfig {
  readonly vocabularySize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layers: number
  readonly heads: number
  /** How many tokens a prompt has, padding included. */
  readonly contextLength: number
  readonly activation: "quick_gelu" | "gelu"
  readonly epsilon: number
}

/**
 * Reads `text_encoder/config.json` as transformers writes it.
 *
 * @throws DiffusionConfigError when it is incomplete or describes another structure
 */
export const parseTextEncoderConfig = (json: unknown): TextEncoderConfig => {
  const fields = fieldsOf(json, "the text encoder's configuration")
  const hiddenSize = sizeOf(fields, "hidden_size")
  const heads = sizeOf(fields, "num_attention_heads")
  if (hiddenSize % heads !== 0) {
    throw new DiffusionConfigError(`${heads} attention heads do not divide a hidden size of ${hiddenSize}`)
  }
  return {
    vocabularySize: sizeOf(fields, "vocab_size", 49408),
    hiddenSize,
    intermediateSize: sizeOf(fields, "intermediate_size"),
    layers: layersOf(fields, "num_hidden_layers"),
    heads,
    contextLength: sizeOf(fields, "max_position_embeddings", 77),
    activation: wordOf(fields, "hidden_act", ["quick_gelu", "gelu"]),
    epsilon: numberOf(fields, "layer_norm_eps", 1e-5),
  }
}

/** The same as transformers writes it. */
export const textEncoderConfigJson = (config: TextEncoderConfig): Fields => ({
  architectures: ["CLIPTextModel"],
  bos_token_id: config.vocabularySize - 2,
  eos_token_id: config.vocabularySize - 1,
  hidden_act: config.activation,
  hidden_size: config.hiddenSize,
  intermediate_size: config.intermediateSize,
  layer_norm_eps: config.epsilon,
  max_position_embeddings: config.contextLength,
  model_type: "clip_text_model",
  num_attention_heads: config.heads,
  num_hidden_layers: config.layers,
  pad_token_id: 0,
  projection_dim: config.hiddenSize,
  vocab_size: config.vocabularySize,
})
