import * as tf from "@tensorflow/tfjs-core"
import {
  attention,
  embedding,
  gelu,
  layerNorm,
  linear,
  type Parameters,
  quickGelu,
} from "../../tensor/index.ts"
import type { TextEncoderConfig } from "./text-encoder-config.ts"

/** A model's configuration and its weights by the names of transformers' CLIPTextModel. */
export interface TextEncoder {
  readonly config: TextEncoderConfig
  readonly parameters: Parameters
}

/**
 * The states of a prompt's tokens after the last layer and the final norm: what the UNet is conditioned on.
 *
 * @param ids int32 [batch, tokens], at most `max_position_embeddings` tokens
 * @returns [batch, tokens, hidden_size]
 */
export const promptStates = (encoder: TextEncoder, ids: tf.Tensor): tf.Tensor =>
  tf.tidy(() => states(encoder, ids))

const states = ({ config, parameters }: TextEncoder, ids: tf.Tensor): tf.Tensor => {
  const [, tokens = 0] = ids.shape
  const positions = tf.slice(
    parameters.at("embeddings.position_embedding.weight"),
    [0, 0],
    [tokens, config.hiddenSize],
  )
  const mask = causalMask(tokens)
  let x = tf.add(embedding(parameters.at("embeddings.token_embedding.weight"), ids), positions)
  for (let layer = 0; layer < config.layers; layer++) {
    x = encoderLayer(config, parameters.within(`encoder.layers.${layer}`), x, mask)
  }
  return normed(config, parameters.within("final_layer_norm"), x)
}

const encoderLayer = (
  config: TextEncoderConfig,
  layer: Parameters,
  x: tf.Tensor,
  mask: tf.Tensor,
): tf.Tensor => {
  const project = (name: string, input: tf.Tensor) =>
    linear(input, layer.at(`${name}.weight`), layer.at(`${name}.bias`))
  const own = normed(config, layer.within("layer_norm1"), x)
  const mixed = attention(
    project("self_attn.q_proj", own),
    project("self_attn.k_proj", own),
    project("self_attn.v_proj", own),
    config.heads,
    mask,
  )
  const attended = tf.add(x, project("self_attn.out_proj", mixed))
  const hidden = project("mlp.fc1", normed(config, layer.within("layer_norm2"), attended))
  const active = config.activation === "quick_gelu" ? quickGelu(hidden) : gelu(hidden)
  return tf.add(attended, project("mlp.fc2", active))
}

const normed = ({ epsilon }: TextEncoderConfig, layer: Parameters, x: tf.Tensor): tf.Tensor =>
  layerNorm(x, layer.at("weight"), layer.at("bias"), epsilon)

/** −∞ (near enough) above the diagonal: a token sees itself and those before it. */
const causalMask = (tokens: number): tf.Tensor => {
  const mask = new Float32Array(tokens * tokens)
  for (let row = 0; row < tokens; row++) mask.fill(-1e9, row * tokens + row + 1, (row + 1) * tokens)
  return tf.tensor2d(mask, [tokens, tokens])
}
