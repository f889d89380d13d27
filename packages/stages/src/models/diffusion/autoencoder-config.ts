import {
  blocksOf,
  checkGroups,
  type Fields,
  fieldsOf,
  layersOf,
  numberOf,
  refuseOthers,
  sizeOf,
  sizesOf,
} from "./config-fields.ts"

/** The structure of an AutoencoderKL. */
export interface AutoencoderConfig {
  /** By level, from the finest. */
  readonly channels: ReadonlyArray<number>
  readonly layersPerBlock: number
  readonly latentChannels: number
  readonly groups: number
  /** What the latents are multiplied by to have a deviation of about 1. */
  readonly scalingFactor: number
  readonly quantConv: boolean
  readonly postQuantConv: boolean
  readonly middleAttention: boolean
}

const EXPECTED: Fields = {
  act_fn: "silu",
  in_channels: 3,
  latents_mean: null,
  latents_std: null,
  out_channels: 3,
  shift_factor: null,
}

/**
 * Reads diffusers' `vae/config.json`.
 *
 * @throws DiffusionConfigError when it is incomplete or describes another structure
 */
export const parseAutoencoderConfig = (json: unknown): AutoencoderConfig => {
  const fields = fieldsOf(json, "the autoencoder's configuration")
  refuseOthers(fields, EXPECTED, "an autoencoder")
  const channels = sizesOf(fields, "block_out_channels")
  const count = channels.length
  blocksOf(fields, "down_block_types", { marked: "DownEncoderBlock2D", plain: "DownEncoderBlock2D", count })
  blocksOf(fields, "up_block_types", { marked: "UpDecoderBlock2D", plain: "UpDecoderBlock2D", count })
  const groups = sizeOf(fields, "norm_num_groups", 32)
  checkGroups(channels, groups)
  return {
    channels,
    layersPerBlock: layersOf(fields, "layers_per_block", 1),
    latentChannels: sizeOf(fields, "latent_channels", 4),
    groups,
    scalingFactor: numberOf(fields, "scaling_factor", 0.18215),
    quantConv: fields.use_quant_conv !== false,
    postQuantConv: fields.use_post_quant_conv !== false,
    middleAttention: fields.mid_block_add_attention !== false,
  }
}

/** The same as diffusers writes it. */
export const autoencoderConfigJson = (config: AutoencoderConfig, sampleSize: number): Fields => ({
  _class_name: "AutoencoderKL",
  act_fn: "silu",
  block_out_channels: config.channels,
  down_block_types: config.channels.map(() => "DownEncoderBlock2D"),
  in_channels: 3,
  latent_channels: config.latentChannels,
  layers_per_block: config.layersPerBlock,
  mid_block_add_attention: config.middleAttention,
  norm_num_groups: config.groups,
  out_channels: 3,
  sample_size: sampleSize,
  scaling_factor: config.scalingFactor,
  up_block_types: config.channels.map(() => "UpDecoderBlock2D"),
  use_post_quant_conv: config.postQuantConv,
  use_quant_conv: config.quantConv,
})
