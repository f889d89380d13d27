import * as tf from "@tensorflow/tfjs-core"
import { embedding, type Parameters } from "../../tensor/index.ts"
import type { ClipConfig } from "./config.ts"
import { normalise, transformer } from "./transformer.ts"

/** Token ids: int32 [batch, tokens], or the rows that a tokenizer gives. */
export type TokenIds = tf.Tensor | ReadonlyArray<Int32Array>

const toTensor = (ids: TokenIds): tf.Tensor => {
  if (ids instanceof tf.Tensor) return ids
  const tokens = ids[0]?.length ?? 0
  if (ids.some((row) => row.length !== tokens)) throw new Error("the rows of token ids are not of one length")
  return tf.tensor2d(Int32Array.from(ids.flatMap((row) => [...row])), [ids.length, tokens], "int32")
}

/**
 * The hidden states of the text tower after its final normalisation.
 *
 * @param parameters of the whole model, by open_clip's names
 * @param tokenIds [batch, tokens], at most context_length tokens
 * @returns [batch, tokens, width]
 */
export const textHiddenStates = (
  config: ClipConfig,
  parameters: Parameters,
  tokenIds: TokenIds,
): tf.Tensor3D =>
  tf.tidy(() => {
    const ids = toTensor(tokenIds)
    const { width, heads, layers, context_length: context } = config.text
    const [batch = 0, tokens = 0] = ids.shape
    if (ids.rank !== 2 || tokens > context) {
      throw new Error(`the model takes token ids [batch, at most ${context}], not [${ids.shape}]`)
    }
    const positions = tf.slice(parameters.at("positional_embedding"), [0, 0], [tokens, width])
    const embedded = tf.add(embedding(parameters.at("token_embedding.weight"), ids), positions)
    const states = transformer(embedded, parameters.within("transformer"), {
      layers,
      heads,
      quickGelu: config.quick_gelu,
      mask: causalMask(tokens),
    })
    return tf.reshape<tf.Rank.R3>(normalise(states, parameters.within("ln_final")), [batch, tokens, width])
  })

/** 0 where a token may look (at itself and before), and a number that leaves nothing after the softmax elsewhere. */
const causalMask = (tokens: number): tf.Tensor => {
  const positions = tf.range(0, tokens)
  const later = tf.less(tf.reshape(positions, [tokens, 1]), tf.reshape(positions, [1, tokens]))
  return tf.mul(tf.cast(later, "float32"), -1e9)
}

/**
 * The model's features of texts: the state at the end token (the largest id of a text), projected.
 *
 * @param tokenIds [batch, tokens], at most context_length tokens
 * @returns [batch, embed_dim], not normalised
 */
export const textFeatures = (config: ClipConfig, parameters: Parameters, tokenIds: TokenIds): tf.Tensor2D =>
  tf.tidy(() => {
    const ids = toTensor(tokenIds)
    const states = textHiddenStates(config, parameters, ids)
    const [batch, tokens, width] = states.shape
    const ends = tf.add(tf.argMax(ids, 1), tf.range(0, batch * tokens, tokens, "int32"))
    const pooled = embedding(tf.reshape(states, [batch * tokens, width]), ends)
    return tf.matMul<tf.Tensor2D>(pooled, parameters.at("text_projection"))
  })
