import { conv3, layer, type ParameterShapes, resnetShapes, shapesOf } from "./parameter-shapes.ts"
import type { UNetConfig } from "./unet-config.ts"

type Named = ReadonlyArray<readonly [string, ReadonlyArray<number>]>

/** The parameters that a UNet of this structure has. */
export const unetShapes = (config: UNetConfig): ParameterShapes => {
  const first = config.channels[0] ?? 0
  const time = 4 * first
  const deepest = config.channels.at(-1) ?? 0
  return shapesOf([
    ...conv3("conv_in", config.inChannels, first),
    ...layer("time_embedding.linear_1", time, first),
    ...layer("time_embedding.linear_2", time, time),
    ...config.channels.flatMap((_, level) => downShapes(config, level, time)),
    ...resnetShapes("mid_block.resnets.0", deepest, deepest, time),
    ...transformerShapes(config, "mid_block.attentions.0", deepest),
    ...resnetShapes("mid_block.resnets.1", deepest, deepest, time),
    ...config.channels.flatMap((_, index) => upShapes(config, index, time)),
    ...layer("conv_norm_out", first),
    ...conv3("conv_out", first, config.outChannels),
  ])
}

const downShapes = (config: UNetConfig, level: number, time: number): Named => {
  const block = `down_blocks.${level}`
  const outputs = config.channels[level] ?? 0
  const inputs = config.channels[Math.max(0, level - 1)] ?? 0
  const layers = Array.from({ length: config.layersPerBlock }, (_, index) => [
    ...resnetShapes(`${block}.resnets.${index}`, index === 0 ? inputs : outputs, outputs, time),
    ...(config.downAttention[level]
      ? transformerShapes(config, `${block}.attentions.${index}`, outputs)
      : []),
  ]).flat()
  const last = level === config.channels.length - 1
  return last ? layers : [...layers, ...conv3(`${block}.downsamplers.0.conv`, outputs, outputs)]
}

const upShapes = (config: UNetConfig, index: number, time: number): Named => {
  const block = `up_blocks.${index}`
  const level = config.channels.length - 1 - index
  const outputs = config.channels[level] ?? 0
  const below = config.channels[Math.min(level + 1, config.channels.length - 1)] ?? 0
  // The last skip of a level comes from the level above it (its downsampled output, or conv_in).
  const above = config.channels[Math.max(0, level - 1)] ?? 0
  const layers = Array.from({ length: config.layersPerBlock + 1 }, (_, number) => {
    const skip = number === config.layersPerBlock ? above : outputs
    return [
      ...resnetShapes(`${block}.resnets.${number}`, (number === 0 ? below : outputs) + skip, outputs, time),
      ...(config.upAttention[index]
        ? transformerShapes(config, `${block}.attentions.${number}`, outputs)
        : []),
    ]
  }).flat()
  return level === 0 ? layers : [...layers, ...conv3(`${block}.upsamplers.0.conv`, outputs, outputs)]
}

const transformerShapes = (config: UNetConfig, name: string, width: number): Named => {
  const pointwise = config.linearProjection ? [width, width] : [width, width, 1, 1]
  return [
    ...layer(`${name}.norm`, width),
    ...layer(`${name}.proj_in`, ...pointwise),
    ...Array.from({ length: config.transformerLayers }, (_, index) =>
      blockShapes(`${name}.transformer_blocks.${index}`, width, config.crossAttentionDim),
    ).flat(),
    ...layer(`${name}.proj_out`, ...pointwise),
  ]
}

const blockShapes = (name: string, width: number, context: number): Named => [
  ...layer(`${name}.norm1`, width),
  ...attentionShapes(`${name}.attn1`, width, width),
  ...layer(`${name}.norm2`, width),
  ...attentionShapes(`${name}.attn2`, width, context),
  ...layer(`${name}.norm3`, width),
  ...layer(`${name}.ff.net.0.proj`, 8 * width, width),
  ...layer(`${name}.ff.net.2`, width, 4 * width),
]

const attentionShapes = (name: string, width: number, context: number): Named => [
  [`${name}.to_q.weight`, [width, width]],
  [`${name}.to_k.weight`, [width, context]],
  [`${name}.to_v.weight`, [width, context]],
  ...layer(`${name}.to_out.0`, width, width),
]
