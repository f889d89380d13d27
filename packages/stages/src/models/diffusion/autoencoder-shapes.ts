import type { AutoencoderConfig } from "./autoencoder-config.ts"
import { conv3, layer, type ParameterShapes, resnetShapes, shapesOf, under } from "./parameter-shapes.ts"

type Named = ReadonlyArray<readonly [string, ReadonlyArray<number>]>

/** The parameters that an autoencoder of this structure has. */
export const autoencoderShapes = (config: AutoencoderConfig): ParameterShapes => {
  const latent = config.latentChannels
  return shapesOf([
    ...under("encoder", encoderShapes(config)),
    ...(config.quantConv ? layer("quant_conv", 2 * latent, 2 * latent, 1, 1) : []),
    ...(config.postQuantConv ? layer("post_quant_conv", latent, latent, 1, 1) : []),
    ...under("decoder", decoderShapes(config)),
  ])
}

const encoderShapes = (config: AutoencoderConfig): Named => {
  const deepest = config.channels.at(-1) ?? 0
  return [
    ...conv3("conv_in", 3, config.channels[0] ?? 0),
    ...config.channels.flatMap((outputs, level) => {
      const inputs = config.channels[Math.max(0, level - 1)] ?? 0
      const layers = resnetsShapes(`down_blocks.${level}`, inputs, outputs, config.layersPerBlock)
      const last = level === config.channels.length - 1
      return last
        ? layers
        : [...layers, ...conv3(`down_blocks.${level}.downsamplers.0.conv`, outputs, outputs)]
    }),
    ...middleShapes(config, deepest),
    ...layer("conv_norm_out", deepest),
    ...conv3("conv_out", deepest, 2 * config.latentChannels),
  ]
}

const decoderShapes = (config: AutoencoderConfig): Named => {
  const reversed = [...config.channels].reverse()
  const deepest = reversed[0] ?? 0
  return [
    ...conv3("conv_in", config.latentChannels, deepest),
    ...middleShapes(config, deepest),
    ...reversed.flatMap((outputs, index) => {
      const inputs = reversed[Math.max(0, index - 1)] ?? 0
      const layers = resnetsShapes(`up_blocks.${index}`, inputs, outputs, config.layersPerBlock + 1)
      const last = index === reversed.length - 1
      return last ? layers : [...layers, ...conv3(`up_blocks.${index}.upsamplers.0.conv`, outputs, outputs)]
    }),
    ...layer("conv_norm_out", config.channels[0] ?? 0),
    ...conv3("conv_out", config.channels[0] ?? 0, 3),
  ]
}

const resnetsShapes = (block: string, inputs: number, outputs: number, layers: number): Named =>
  Array.from({ length: layers }, (_, index) =>
    resnetShapes(`${block}.resnets.${index}`, index === 0 ? inputs : outputs, outputs, 0),
  ).flat()

const middleShapes = (config: AutoencoderConfig, width: number): Named => [
  ...resnetShapes("mid_block.resnets.0", width, width, 0),
  ...(config.middleAttention
    ? under("mid_block.attentions.0", [
        ...layer("group_norm", width),
        ...["to_q", "to_k", "to_v", "to_out.0"].flatMap((name) => layer(name, width, width)),
      ])
    : []),
  ...resnetShapes("mid_block.resnets.1", width, width, 0),
]
