import {
  blocksOf,
  checkGroups,
  DiffusionConfigError,
  type Fields,
  fieldsOf,
  layersOf,
  numberOf,
  refuseOthers,
  sizeOf,
  sizesOf,
} from "./config-fields.ts"
import type { SinusoidalLayout } from "./time-embedding.ts"

/** The structure of a UNet2DConditionModel. Lists are by level, from the finest, but for `upAttention`. */
export interface UNetConfig {
  readonly inChannels: number
  readonly outChannels: number
  readonly channels: ReadonlyArray<number>
  readonly layersPerBlock: number
  readonly transformerLayers: number
  /** Heads of the attention, by level. */
  readonly heads: ReadonlyArray<number>
  readonly crossAttentionDim: number
  readonly groups: number
  readonly epsilon: number
  /** Levels that attend to the condition on the way down. */
  readonly downAttention: ReadonlyArray<boolean>
  /** The same on the way up, from the coarsest level. */
  readonly upAttention: ReadonlyArray<boolean>
  /** Whether the transformers' first and last layers are linear layers; 1×1 convolutions otherwise. */
  readonly linearProjection: boolean
  readonly timestep: SinusoidalLayout
}

const EXPECTED: Fields = {
  act_fn: "silu",
  addition_embed_type: null,
  attention_type: "default",
  center_input_sample: false,
  class_embed_type: null,
  conv_in_kernel: 3,
  conv_out_kernel: 3,
  downsample_padding: 1,
  dual_cross_attention: false,
  encoder_hid_dim_type: null,
  mid_block_scale_factor: 1,
  mid_block_type: "UNetMidBlock2DCrossAttn",
  num_class_embeds: null,
  only_cross_attention: false,
  resnet_out_scale_factor: 1,
  resnet_time_scale_shift: "default",
  time_cond_proj_dim: null,
  time_embedding_act_fn: null,
  time_embedding_dim: null,
  time_embedding_type: "positional",
  timestep_post_act: null,
}

/**
 * Reads diffusers' `unet/config.json`.
 *
 * @throws DiffusionConfigError when it is incomplete or describes another structure
 */
export const parseUNetConfig = (json: unknown): UNetConfig => {
  const fields = fieldsOf(json, "the UNet's configuration")
  if (fields.addition_embed_type === "text_time")
    throw new DiffusionConfigError("it is the UNet of Stable Diffusion XL; 1.x, 2.x and their like are read")
  refuseOthers(fields, EXPECTED, "a UNet")
  const channels = sizesOf(fields, "block_out_channels")
  const count = channels.length
  const groups = sizeOf(fields, "norm_num_groups", 32)
  checkGroups(channels, groups)
  return {
    inChannels: sizeOf(fields, "in_channels", 4),
    outChannels: sizeOf(fields, "out_channels", 4),
    channels,
    layersPerBlock: layersOf(fields, "layers_per_block", 2),
    transformerLayers: layersOf(fields, "transformer_layers_per_block", 1),
    heads: headsOf(fields, channels),
    crossAttentionDim: sizeOf(fields, "cross_attention_dim", 1280),
    groups,
    epsilon: numberOf(fields, "norm_eps", 1e-5),
    downAttention: blocksOf(fields, "down_block_types", {
      marked: "CrossAttnDownBlock2D",
      plain: "DownBlock2D",
      count,
    }),
    upAttention: blocksOf(fields, "up_block_types", {
      marked: "CrossAttnUpBlock2D",
      plain: "UpBlock2D",
      count,
    }),
    linearProjection: fields.use_linear_projection === true,
    timestep: {
      flipSinToCos: (fields.flip_sin_to_cos ?? true) === true,
      frequencyShift: numberOf(fields, "freq_shift", 0),
    },
  }
}

/** diffusers reads the number of heads from `attention_head_dim` (its issue 2011); one number counts for all levels. */
const headsOf = (fields: Fields, channels: ReadonlyArray<number>): ReadonlyArray<number> => {
  const name =
    fields.num_attention_heads === undefined || fields.num_attention_heads === null
      ? "attention_head_dim"
      : "num_attention_heads"
  const heads = Array.isArray(fields[name])
    ? sizesOf(fields, name)
    : channels.map(() => sizeOf(fields, name, 8))
  channels.forEach((width, level) => {
    const count = heads[level]
    if (count === undefined || width % count !== 0) {
      throw new DiffusionConfigError(
        `${name}: ${count ?? "no"} heads for ${width} channels at level ${level}`,
      )
    }
  })
  return heads
}

/** The same as diffusers writes it. */
export const unetConfigJson = (config: UNetConfig, sampleSize: number): Fields => ({
  _class_name: "UNet2DConditionModel",
  act_fn: "silu",
  attention_head_dim: config.heads,
  block_out_channels: config.channels,
  center_input_sample: false,
  cross_attention_dim: config.crossAttentionDim,
  down_block_types: config.downAttention.map((attends) => (attends ? "CrossAttnDownBlock2D" : "DownBlock2D")),
  downsample_padding: 1,
  dual_cross_attention: false,
  flip_sin_to_cos: config.timestep.flipSinToCos,
  freq_shift: config.timestep.frequencyShift,
  in_channels: config.inChannels,
  layers_per_block: config.layersPerBlock,
  mid_block_scale_factor: 1,
  norm_eps: config.epsilon,
  norm_num_groups: config.groups,
  num_class_embeds: null,
  only_cross_attention: false,
  out_channels: config.outChannels,
  sample_size: sampleSize,
  transformer_layers_per_block: config.transformerLayers,
  up_block_types: config.upAttention.map((attends) => (attends ? "CrossAttnUpBlock2D" : "UpBlock2D")),
  use_linear_projection: config.linearProjection,
})
