import * as tf from "@tensorflow/tfjs-core"
import { embedding, type Parameters, reshape } from "../../tensor/index.ts"
import type { ClipConfig } from "./config.ts"
import { activationOf, affine, normalise, OPEN_CLIP_BLOCK, transformer } from "./transformer.ts"

/** What the names of the text tower's parameters begin with. */
export const textPrefix = (config: ClipConfig): string => (config.custom_text ? "text" : "")

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
    const { width, context_length: context, norm_kwargs, act_kwargs } = config.text
    const [batch = 0, tokens = 0] = ids.shape
    if (ids.rank !== 2 || tokens > context) {
      throw new Error(`the model takes token ids [batch, at most ${context}], not [${ids.shape}]`)
    }
    const tower = parameters.within(textPrefix(config))
    const epsilon = norm_kwargs?.eps ?? 1e-5
    const positions = tf.slice(tower.at("positional_embedding"), [0, 0], [tokens, width])
    const embedded = tf.add(embedding(tower.at("token_embedding.weight"), ids), positions)
    const states = transformer(embedded, tower.within("transformer"), {
      names: OPEN_CLIP_BLOCK,
      layers: config.text.layers,
      heads: config.text.heads,
      activation: activationOf(config.quick_gelu, act_kwargs?.approximate),
      epsilon,
      ...(config.text.no_causal_mask ? {} : { mask: causalMask(tokens) }),
    })
    return reshape<tf.Rank.R3>(normalise(states, tower.within("ln_final"), epsilon), [batch, tokens, width])
  })

/** 0 where a token may look (at itself and before), and a number that leaves nothing after the softmax elsewhere. */
const causalMask = (tokens: number): tf.Tensor => {
  const positions = tf.range(0, tokens)
  const later = tf.less(tf.reshape(positions, [tokens, 1]), tf.reshape(positions, [1, tokens]))
  return tf.mul(tf.cast(later, "float32"), -1e9)
}

/**
 * The model's features of texts: the state at the end token (the largest id of a text, or a given id), at the first or
 * at the last, as the configuration says, projected.
 *
 * @param tokenIds [batch, tokens], at most context_length tokens
 * @returns [batch, embed_dim], not normalised
 */
export const textFeatures = (config: ClipConfig, parameters: Parameters, tokenIds: TokenIds): tf.Tensor2D =>
  tf.tidy(() => {
    const ids = toTensor(tokenIds)
    const states = textHiddenStates(config, parameters, ids)
    const [batch, tokens, width] = states.shape
    const places = tf.add(pooledPlaces(config, ids), tf.range(0, batch * tokens, tokens, "int32"))
    const pooled = embedding(reshape(states, [batch * tokens, width]), places)
    const tower = parameters.within(textPrefix(config))
    const features = config.text.proj_bias
      ? affine(pooled, tower.within("text_projection"))
      : tf.matMul(pooled, tower.at("text_projection"))
    return reshape<tf.Rank.R2>(features, [batch, config.embed_dim])
  })

const pooledPlaces = ({ text }: ClipConfig, ids: tf.Tensor): tf.Tensor => {
  const [batch = 0, tokens = 0] = ids.shape
  if (text.pool_type === undefined) return tf.argMax(ids, 1)
  if (text.pool_type === "eos") return tf.argMax(tf.cast(tf.equal(ids, text.eos_id ?? 2), "int32"), 1)
  return tf.fill([batch], text.pool_type === "first" ? 0 : tokens - 1, "int32")
}
