import * as tf from "@tensorflow/tfjs-core"
import { latentMean, loadAutoencoder } from "../../models/diffusion/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import type { GenerativeNormalisation, WorkOptions } from "./options.ts"
import { RemoteCalls } from "./remote-calls.ts"
import type { KnownLatents } from "./replica.ts"
import { generativeView } from "./views.ts"

export interface EncoderOptions {
  /** The folder of an autoencoder. */
  readonly folder: string
  /** Pixels of a side of the crops. */
  readonly size: number
  readonly normalisation: GenerativeNormalisation
}

/** Crops to be encoded, [count, size, size, 3], normalised with CLIP's mean and deviation. */
export interface CropsToEncode {
  readonly crops: Float32Array
  readonly count: number
}

/** Makes latents of crops, in this process or in another. */
export interface LatentEncoder {
  readonly encode: (crops: CropsToEncode) => Promise<KnownLatents>
  readonly close: () => Promise<void>
}

/** What a process of latent-host is asked. */
export interface EncoderCall extends CropsToEncode {
  readonly options: EncoderOptions
}

/** One in this process for one worker, else as many as there are workers, each in a process of its own. */
export const openEncoders = async (
  options: EncoderOptions,
  { workers, gpus }: Pick<WorkOptions, "workers" | "gpus">,
): Promise<readonly [LatentEncoder, ...ReadonlyArray<LatentEncoder>]> => {
  if (workers === 1) return [await localEncoder(options)]
  const [first, ...others] = Array.from({ length: workers }, (_, index) =>
    remoteEncoder(options, gpus[index]),
  )
  if (first === undefined) throw new Error("latents are made by at least one worker")
  return [first, ...others]
}

/** Loads the autoencoder into this process. */
export const localEncoder = async ({
  folder,
  size,
  normalisation,
}: EncoderOptions): Promise<LatentEncoder> => {
  await loadBackend()
  const vae = await loadAutoencoder(folder)
  return {
    encode: async ({ crops, count }) => {
      const latents = tf.tidy(() =>
        latentMean(vae, generativeView(tf.tensor4d(crops, [count, size, size, 3]), normalisation)),
      )
      const values = latents.dataSync<"float32">()
      const shape = latents.shape.slice(1)
      latents.dispose()
      return { values, shape }
    },
    close: async () => vae.parameters.dispose(),
  }
}

const remoteEncoder = (options: EncoderOptions, gpu: number | undefined): LatentEncoder => {
  const calls = new RemoteCalls<EncoderCall, KnownLatents>("latent-host", gpu)
  return {
    encode: ({ crops, count }) => calls.ask({ options, crops, count }),
    close: () => calls.close(),
  }
}
