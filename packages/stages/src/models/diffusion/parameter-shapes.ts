/** Names of a model's parameters with their shapes as PyTorch has them (4-D kernels [out, in, height, width]). */
export type ParameterShapes = ReadonlyMap<string, ReadonlyArray<number>>

type Named = ReadonlyArray<readonly [string, ReadonlyArray<number>]>

/** A layer with weight and bias. */
export const layer = (name: string, ...weight: ReadonlyArray<number>): Named => [
  [`${name}.weight`, weight],
  [`${name}.bias`, weight.slice(0, 1)],
]

/** A 3×3 convolution. */
export const conv3 = (name: string, inputs: number, outputs: number): Named =>
  layer(name, outputs, inputs, 3, 3)

/** The parameters of `resnetBlock`; `time` is the width of the time embedding, 0 without one. */
export const resnetShapes = (name: string, inputs: number, outputs: number, time: number): Named => [
  ...layer(`${name}.norm1`, inputs),
  ...conv3(`${name}.conv1`, inputs, outputs),
  ...(time > 0 ? layer(`${name}.time_emb_proj`, outputs, time) : []),
  ...layer(`${name}.norm2`, outputs),
  ...conv3(`${name}.conv2`, outputs, outputs),
  ...(inputs === outputs ? [] : layer(`${name}.conv_shortcut`, outputs, inputs, 1, 1)),
]

/** A map of the given entries. */
export const shapesOf = (entries: Named): ParameterShapes => new Map(entries)

/** Entries with a common prefix. */
export const under = (prefix: string, entries: Named): Named =>
  entries.map(([name, shape]) => [`${prefix}.${name}`, shape] as const)
