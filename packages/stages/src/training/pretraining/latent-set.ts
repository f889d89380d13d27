import { permanent } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { type Autoencoder, latentMean } from "../../models/diffusion/index.ts"
import { type CaptionedImages, SIGNED_UNIT } from "./captioned-images.ts"
import { imageTensor } from "./image-tensor.ts"
import { breathe } from "./pretraining-context.ts"

/** Captioned images as scaled latents. */
export interface LatentSet {
  /** [height, width, channels] of each. */
  readonly shape: readonly [number, number, number]
  readonly latents: ReadonlyArray<Float32Array>
  readonly captions: ReadonlyArray<string>
}

/** Encodes images once, as the autoencoder does not change: the means of their latents. */
export const encodeLatents = async (
  vae: Autoencoder,
  data: CaptionedImages,
  batch: number,
  signal: AbortSignal,
): Promise<LatentSet> => {
  const side = data.size / 2 ** (vae.config.channels.length - 1)
  const shape = [side, side, vae.config.latentChannels] as const
  const each = side * side * vae.config.latentChannels
  const latents: Array<Float32Array> = []
  for (let start = 0; start < data.images.length; start += batch) {
    await breathe(signal)
    const length = Math.min(batch, data.images.length - start)
    const indices = Int32Array.from({ length }, (_, index) => start + index)
    const encoded = tf.tidy(() => latentMean(vae, imageTensor(data, indices, SIGNED_UNIT)))
    const values = await encoded.data<"float32">()
    encoded.dispose()
    for (let image = 0; image < length; image++) latents.push(values.slice(image * each, (image + 1) * each))
  }
  return { shape, latents, captions: data.captions }
}

/** The last `count` samples apart from the others. */
export const splitLatents = (
  { shape, latents, captions }: LatentSet,
  count: number,
): { readonly training: LatentSet; readonly heldOut: LatentSet } => {
  const at = latents.length - count
  if (at < 1) {
    throw permanent(`${count} samples are to be held out, but there are only ${latents.length}`, {
      hint: "give more data or lower held-out",
    })
  }
  return {
    training: { shape, latents: latents.slice(0, at), captions: captions.slice(0, at) },
    heldOut: { shape, latents: latents.slice(at), captions: captions.slice(at) },
  }
}

/** The chosen latents as `[batch, height, width, channels]`. */
export const latentTensor = ({ shape, latents }: LatentSet, indices: ArrayLike<number>): tf.Tensor4D => {
  const each = shape[0] * shape[1] * shape[2]
  const values = new Float32Array(indices.length * each)
  for (let row = 0; row < indices.length; row++) {
    values.set(latents[indices[row] ?? 0] ?? new Float32Array(each), row * each)
  }
  return tf.tensor4d(values, [indices.length, ...shape])
}
