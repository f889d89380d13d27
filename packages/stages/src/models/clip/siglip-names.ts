import * as tf from "@tensorflow/tfjs-core"
import { Parameters } from "../../tensor/index.ts"
import type { ClipConfig } from "./config.ts"
import { textPrefix } from "./text-tower.ts"
import { type BlockNames, OPEN_CLIP_BLOCK, TIMM_BLOCK } from "./transformer.ts"

/** Where the values of a parameter come from: one tensor, a part of one, or several below each other. */
type Source = { readonly of: ReadonlyArray<string>; readonly half?: 0 | 1 }

/** Whether parameters have the names of Hugging Face's SiglipModel. */
export const isHuggingFaceSiglip = (parameters: Parameters): boolean =>
  parameters.has("vision_model.head.probe")

/**
 * The parameters of a SiglipModel by open_clip's names. What has no such name keeps its own; the given tensors that are not among
 * the result are disposed of.
 */
export const siglipByOpenClipNames = (config: ClipConfig, given: Parameters): Parameters => {
  const tensors = new Map<string, tf.Tensor>()
  const used = new Set<string>()
  for (const [name, source] of sourcesOf(config)) {
    if (!source.of.every((one) => given.has(one))) continue
    for (const one of source.of) used.add(one)
    tensors.set(name, tensorOf(config, name, source, given))
  }
  const constants = /\.position_ids$/
  for (const [name, tensor] of given.entries())
    if (used.has(name) || constants.test(name)) tensor.dispose()
    else tensors.set(name, tensor)
  return Parameters.of(tensors)
}

const tensorOf = (config: ClipConfig, name: string, source: Source, given: Parameters): tf.Tensor =>
  tf.tidy(() => {
    const parts = source.of.map((one) => given.at(one))
    const [first] = parts
    if (first === undefined) throw new Error(`${name} comes from nothing`)
    if (parts.length > 1) return tf.concat(parts, 0)
    if (source.half !== undefined) return halfOf(first, source.half)
    return name === "visual.trunk.pos_embed"
      ? tf.reshape(first, [1, -1, config.vision.width])
      : tf.clone(first)
  })

/** The queries' third of a joined projection (0), or the keys' and values' two (1). */
const halfOf = (joined: tf.Tensor, half: 0 | 1): tf.Tensor => {
  const third = (joined.shape[0] ?? 0) / 3
  return half === 0 ? tf.slice(joined, 0, third) : tf.slice(joined, third, 2 * third)
}

type Named = readonly [name: string, source: Source]

const sourcesOf = (config: ClipConfig): ReadonlyArray<Named> => {
  const { vision, text } = config
  const prefix = textPrefix(config) === "" ? "" : `${textPrefix(config)}.`
  return [
    ...siglipSources(),
    ...blocks("visual.trunk", TIMM_BLOCK, "vision_model", vision.layers),
    ...blocks(`${prefix}transformer`, OPEN_CLIP_BLOCK, "text_model", text.layers),
    same(`${prefix}token_embedding.weight`, "text_model.embeddings.token_embedding.weight"),
    same(`${prefix}positional_embedding`, "text_model.embeddings.position_embedding.weight"),
    ...both(`${prefix}ln_final`, "text_model.final_layer_norm"),
    ...both(`${prefix}text_projection`, "text_model.head"),
  ]
}

const siglipSources = (): ReadonlyArray<Named> => {
  const [pool, head] = ["visual.trunk.attn_pool", "vision_model.head"]
  return [
    ...both("visual.trunk.patch_embed.proj", "vision_model.embeddings.patch_embedding"),
    same("visual.trunk.pos_embed", "vision_model.embeddings.position_embedding.weight"),
    ...both("visual.trunk.norm", "vision_model.post_layernorm"),
    same(`${pool}.latent`, `${head}.probe`),
    ...["weight", "bias"].flatMap(
      (part): ReadonlyArray<Named> => [
        [`${pool}.q.${part}`, { of: [`${head}.attention.in_proj_${part}`], half: 0 }],
        [`${pool}.kv.${part}`, { of: [`${head}.attention.in_proj_${part}`], half: 1 }],
      ],
    ),
    ...both(`${pool}.proj`, `${head}.attention.out_proj`),
    ...both(`${pool}.norm`, `${head}.layernorm`),
    ...both(`${pool}.mlp.fc1`, `${head}.mlp.fc1`),
    ...both(`${pool}.mlp.fc2`, `${head}.mlp.fc2`),
  ]
}

const blocks = (to: string, names: BlockNames, from: string, layers: number): ReadonlyArray<Named> =>
  Array.from({ length: layers }, (_, layer): ReadonlyArray<Named> => {
    const [ours, theirs] = [`${to}.${names.list}.${layer}`, `${from}.encoder.layers.${layer}`]
    return [
      ...both(`${ours}.${names.norms[0]}`, `${theirs}.layer_norm1`),
      ...both(`${ours}.${names.norms[1]}`, `${theirs}.layer_norm2`),
      ...both(`${ours}.${names.outward}`, `${theirs}.self_attn.out_proj`),
      ...both(`${ours}.${names.perceptron[0]}`, `${theirs}.mlp.fc1`),
      ...both(`${ours}.${names.perceptron[1]}`, `${theirs}.mlp.fc2`),
      ...["weight", "bias"].map(
        (part): Named => [
          `${ours}.${names.inward}${part}`,
          { of: ["q", "k", "v"].map((one) => `${theirs}.self_attn.${one}_proj.${part}`) },
        ],
      ),
    ]
  }).flat()

const same = (ours: string, theirs: string): Named => [ours, { of: [theirs] }]

const both = (ours: string, theirs: string): ReadonlyArray<Named> =>
  ["weight", "bias"].map((part) => same(`${ours}.${part}`, `${theirs}.${part}`))
