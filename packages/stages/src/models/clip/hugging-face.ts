import * as tf from "@tensorflow/tfjs-core"
import type { Parameters } from "../../tensor/index.ts"
import type { ClipConfig } from "./config.ts"
import { BLOCK_NAMES } from "./key-names.ts"

/**
 * The text tower as Hugging Face's CLIPTextModel names and divides it (no projection), as diffusers' text encoders
 * are. The tensors are new ones; the caller disposes of them.
 */
export const toHfTextModel = (config: ClipConfig, parameters: Parameters): ReadonlyMap<string, tf.Tensor> => {
  const tensors = new Map<string, tf.Tensor>()
  const copy = (to: string, from: string) => tensors.set(`text_model.${to}`, tf.clone(parameters.at(from)))
  copy("embeddings.token_embedding.weight", "token_embedding.weight")
  copy("embeddings.position_embedding.weight", "positional_embedding")
  for (const part of ["weight", "bias"]) copy(`final_layer_norm.${part}`, `ln_final.${part}`)
  for (let layer = 0; layer < config.text.layers; layer++) {
    const [to, from] = [`encoder.layers.${layer}`, `transformer.resblocks.${layer}`]
    for (const [ours, theirs] of BLOCK_NAMES) {
      for (const part of ["weight", "bias"]) copy(`${to}.${theirs}.${part}`, `${from}.${ours}.${part}`)
    }
    for (const part of ["weight", "bias"]) {
      const thirds = tf.split(parameters.at(`${from}.attn.in_proj_${part}`), 3)
      for (const [index, name] of ["q_proj", "k_proj", "v_proj"].entries()) {
        const third = thirds[index]
        if (third !== undefined) tensors.set(`text_model.${to}.self_attn.${name}.${part}`, third)
      }
    }
  }
  return tensors
}

/** The `config.json` of that model. */
export const toHfTextConfig = ({
  embed_dim,
  quick_gelu,
  text,
}: ClipConfig): Readonly<Record<string, unknown>> => ({
  architectures: ["CLIPTextModel"],
  attention_dropout: 0,
  bos_token_id: text.vocab_size - 2,
  eos_token_id: text.vocab_size - 1,
  hidden_act: quick_gelu ? "quick_gelu" : "gelu",
  hidden_size: text.width,
  intermediate_size: 4 * text.width,
  layer_norm_eps: 1e-5,
  max_position_embeddings: text.context_length,
  model_type: "clip_text_model",
  num_attention_heads: text.heads,
  num_hidden_layers: text.layers,
  pad_token_id: 0,
  projection_dim: embed_dim,
  vocab_size: text.vocab_size,
})
