import { open, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { StageContext } from "@diva-pipeline/core"
import * as tf from "@tensorflow/tfjs-core"
import { CONDITION_FILE, readCondition } from "../../condition/index.ts"
import { type Autoencoder, latentMean, loadAutoencoder } from "../../models/diffusion/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { type CropBatch, CropStream, START } from "./data/index.ts"
import { INDEX_FILE, LATENTS_FILE, type LatentIndex } from "./latent-store.ts"
import type { CropRule, GenerativeNormalisation } from "./options.ts"
import { CLIP_STATISTICS, generativeView } from "./views.ts"

export interface LatentRequest {
  /** The folder of a conditioned model. */
  readonly folder: string
  /** A data set of images. */
  readonly images: string
  readonly crops: Omit<CropRule, "kind">
  readonly generativeNormalisation: GenerativeNormalisation
  readonly imagesAtOnce: number
  readonly threads: number
}

/**
 * Computes the latents of one fixed crop of each image, for trainings that share them.
 *
 * @param output an existing folder
 * @throws StageFailure; the signal's reason when aborted
 */
export const makeLatents = async (
  request: LatentRequest,
  output: string,
  { signal, progress, log }: Pick<StageContext, "signal" | "progress" | "log">,
): Promise<void> => {
  await loadBackend()
  const { dimensions } = await readCondition(join(request.folder, CONDITION_FILE))
  const size = dimensions["image-size"]
  const vae = await loadAutoencoder(join(request.folder, "diffusion/vae"))
  const stream = openStream(request, size, (key, reason) =>
    log("warning", `the image ${key} is left out: ${reason}`),
  )
  try {
    await using file = await open(join(output, LATENTS_FILE), "w")
    let shape: ReadonlyArray<number> = []
    let count = 0
    for (;;) {
      signal.throwIfAborted()
      const batch = await stream.next()
      const made = latentsOf(vae, batch, size, request.generativeNormalisation)
      shape = made.shape
      const each = (made.values.length / batch.count) * Float32Array.BYTES_PER_ELEMENT
      const bytes = new Uint8Array(made.values.buffer, made.values.byteOffset, made.values.byteLength)
      // The data set begins anew where numbers fall.
      const end = batch.ordinals.findIndex((ordinal, row) => ordinal < (batch.ordinals[row - 1] ?? count))
      const rows = end < 0 ? batch.count : end
      for (const [row, ordinal] of batch.ordinals.slice(0, rows).entries())
        await file.write(bytes, row * each, each, ordinal * each)
      count = Math.max(count, ...batch.ordinals.slice(0, rows).map((ordinal) => ordinal + 1))
      progress({ done: count, unit: "images" })
      if (rows < batch.count) break
    }
    await writeFile(join(output, INDEX_FILE), indexText(request, { count, shape, size }))
  } finally {
    await stream.close()
    vae.parameters.dispose()
  }
}

const openStream = (
  { images: source, crops, imagesAtOnce, threads }: LatentRequest,
  size: number,
  onBroken: (key: string, reason: string) => void,
): CropStream => {
  const batches = { shuffleBuffer: 0, seed: 0, counts: [imagesAtOnce] }
  const rule: CropRule = { ...crops, kind: "fixed" }
  const options = { rule, size, ...CLIP_STATISTICS }
  return new CropStream({ source, batches, crops: options, from: START, threads, ahead: 2 }, onBroken)
}

const latentsOf = (
  vae: Autoencoder,
  { crops, count }: CropBatch,
  size: number,
  normalisation: GenerativeNormalisation,
): { readonly values: Float32Array; readonly shape: ReadonlyArray<number> } => {
  const latents = tf.tidy(() =>
    latentMean(vae, generativeView(tf.tensor4d(crops, [count, size, size, 3]), normalisation)),
  )
  const values = latents.dataSync<"float32">()
  latents.dispose()
  return { values, shape: latents.shape.slice(1) }
}

const indexText = (
  { crops: { scale, ratio, seed }, generativeNormalisation }: LatentRequest,
  sizes: { readonly count: number; readonly shape: ReadonlyArray<number>; readonly size: number },
): string => {
  const { count, shape, size } = sizes
  const index: LatentIndex = {
    version: 1,
    count,
    shape: [...shape],
    size,
    crops: { scale: [...scale], ratio: [...ratio], seed },
    generativeNormalisation,
  }
  return `${JSON.stringify(index, undefined, 2)}\n`
}
