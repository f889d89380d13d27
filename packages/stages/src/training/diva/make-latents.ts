import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent, type StageContext } from "@diva-pipeline/core"
import { CONDITION_FILE, readCondition } from "../../condition/index.ts"
import { CropStream } from "./data/index.ts"
import { type LatentEncoder, openEncoders } from "./latent-encoder.ts"
import { LatentFile } from "./latent-file.ts"
import { INDEX_FILE, LATENTS_FILE, type LatentIndex } from "./latent-store.ts"
import type { CropRule, GenerativeNormalisation, WorkOptions } from "./options.ts"
import type { KnownLatents } from "./replica.ts"
import { CLIP_STATISTICS } from "./views.ts"

export interface LatentRequest {
  /** The folder of a conditioned model. */
  readonly folder: string
  /** A data set of images. */
  readonly images: string
  readonly crops: Omit<CropRule, "kind">
  readonly generativeNormalisation: GenerativeNormalisation
  readonly imagesAtOnce: number
  readonly work: Pick<WorkOptions, "workers" | "gpus" | "threads">
}

/**
 * Computes the latents of one fixed crop of each image, for trainings that share them. Goes on with what the task's
 * checkpoint holds; which images are encoded together follows from their numbers, so that neither that nor the number of
 * workers changes a byte.
 *
 * @param output an existing folder
 * @throws StageFailure; the signal's reason when aborted
 */
export const makeLatents = async (
  request: LatentRequest,
  output: string,
  context: Pick<StageContext, "checkpoint" | "signal" | "progress" | "log">,
): Promise<void> => {
  const { dimensions } = await readCondition(join(request.folder, CONDITION_FILE))
  const size = dimensions["image-size"]
  const { crops, generativeNormalisation, imagesAtOnce, work } = request
  const recipe = JSON.stringify([size, crops, generativeNormalisation, imagesAtOnce])
  const file = await LatentFile.open(context.checkpoint, recipe, (reason) => context.log("warning", reason))
  if (file.count > 0) context.log("info", `continuing after ${file.count} images`)
  const vae = join(request.folder, "diffusion/vae")
  try {
    const encoders = await openEncoders({ folder: vae, size, normalisation: generativeNormalisation }, work)
    const stream = openStream(request, size, file.count, context)
    try {
      await encodeAll(stream, encoders, file, context)
    } finally {
      await stream.close()
      await Promise.all(encoders.map((encoder) => encoder.close()))
    }
    await file.give(join(output, LATENTS_FILE))
    await writeFile(join(output, INDEX_FILE), indexText(request, size, file))
  } finally {
    await file.close()
  }
}

/** Encodes what is left of the data set, batch by batch: each encoder has one, and they are written in their order. */
const encodeAll = async (
  stream: CropStream,
  encoders: readonly [LatentEncoder, ...ReadonlyArray<LatentEncoder>],
  file: LatentFile,
  { signal, progress }: Pick<StageContext, "signal" | "progress">,
): Promise<void> => {
  const encoded: Array<{ readonly count: number; readonly latents: Promise<KnownLatents> }> = []
  const writeNext = async () => {
    const next = encoded.shift()
    if (next === undefined) return
    const { values, shape } = await next.latents
    await file.add(next.count, values, shape)
    progress({ done: file.count, unit: "images" })
  }
  for (let [turn, begun] = [0, file.count]; ; turn++) {
    signal.throwIfAborted()
    const batch = await stream.next()
    // The data set begins anew where numbers do.
    if (batch.ordinals[0] !== begun) break
    begun += batch.count
    const latents = (encoders[turn % encoders.length] ?? encoders[0]).encode(batch)
    // Reported where it is waited for.
    latents.catch(() => undefined)
    encoded.push({ count: batch.count, latents })
    if (encoded.length === encoders.length) await writeNext()
  }
  while (encoded.length > 0) await writeNext()
}

const openStream = (
  { images: source, crops, imagesAtOnce, work }: LatentRequest,
  size: number,
  taken: number,
  { log }: Pick<StageContext, "log">,
): CropStream => {
  const options = { rule: { ...crops, kind: "fixed" } as const, size, ...CLIP_STATISTICS }
  return new CropStream(
    {
      source,
      batches: { places: imagesAtOnce, size },
      crops: options,
      from: { epoch: 0, taken },
      threads: work.threads,
      ahead: 1 + work.workers,
    },
    (key, reason) => log("warning", `the image ${key} is left out: ${reason}`),
  )
}

const indexText = (
  { crops: { scale, ratio, seed }, generativeNormalisation }: LatentRequest,
  size: number,
  { count, shape }: LatentFile,
): string => {
  if (shape === undefined) throw permanent("there are no latents: the data set holds no image")
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
