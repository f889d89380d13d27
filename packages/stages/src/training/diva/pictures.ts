import { mkdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { CropStream, START } from "./data/index.ts"
import type { DivaOptions } from "./options.ts"
import type { Replica } from "./replica.ts"
import type { TrainerContext } from "./trainer.ts"
import { CLIP_STATISTICS } from "./views.ts"

/** What pictures are made of, before and after a training. */
export interface PicturePlan {
  /** How many; 0: none. */
  readonly count: number
  /** Steps from noise to picture. */
  readonly steps: number
}

/** The files: what was shown, and what the diffusion model made of it. */
export const PICTURE_FILES = ["shown.png", "before.png", "after.png"] as const

/**
 * Makes the pictures before a training, or after it, in the folder that people look at; those that are there already
 * are not made again.
 */
export const makePictures = async (
  when: "before" | "after",
  replica: Replica,
  {
    images,
    options,
    size,
  }: { readonly images: string; readonly options: DivaOptions; readonly size: number },
  { count, steps }: PicturePlan,
  context: TrainerContext,
): Promise<void> => {
  const folder = join(context.checkpoint, "progress")
  const file = join(folder, `${when}.png`)
  if (count === 0 || (await stat(file).catch(() => undefined)) !== undefined) return
  await mkdir(folder, { recursive: true })
  const { crops: rule, shuffleBuffer, seed } = options
  const batches = { shuffleBuffer, seed, counts: [count] }
  const crops = { rule, size, ...CLIP_STATISTICS }
  const request = { source: images, batches, crops, from: START, threads: 1, ahead: 1 }
  const stream = new CropStream(request, () => undefined)
  try {
    const batch = await stream.next()
    const shown = when === "before" ? join(folder, "shown.png") : undefined
    await replica.writePictures({ file, shown, crops: batch.crops, count, steps })
  } finally {
    await stream.close()
  }
}
