import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { encodePng } from "../../images/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import { coarseCaption, fineCaption } from "./captions.ts"
import { csvLine } from "./csv.ts"
import { renderScenes } from "./rendering.ts"
import type { Scene } from "./scene.ts"

/** Writes in flight at once. */
const WRITES = 32

/** What `writeTrainingImages` is told. */
export interface TrainingImagesOptions {
  /** Pixels of a side. */
  readonly size: number
  readonly seed: number
  /** The share of images whose `caption` tells the fine detail, 0…1. */
  readonly fineCaptions: number
  readonly onImage?: (done: number) => void
}

/**
 * Writes scenes as `000000.png` … with `urls.csv` beside them: a list of relative URLs as a downloader takes it,
 * with the columns url, caption, coarse_caption and fine_caption.
 */
export const writeTrainingImages = async (
  folder: string,
  scenes: ReadonlyArray<Scene>,
  { size, seed, fineCaptions, onImage = () => {} }: TrainingImagesOptions,
): Promise<void> => {
  const rows = [csvLine(["url", "caption", "coarse_caption", "fine_caption"])]
  let writes: Array<Promise<void>> = []
  let index = 0
  for await (const raster of renderScenes(scenes, size)) {
    const scene = scenes[index]
    if (scene === undefined) break
    const name = `${String(index).padStart(6, "0")}.png`
    writes.push(writeFile(join(folder, name), encodePng(raster)))
    const captions = [coarseCaption(scene), fineCaption(scene)]
    const isFine = RandomStream.named(seed, "dataset/scenes", "caption", index).uniform() < fineCaptions
    rows.push(csvLine([name, captions[isFine ? 1 : 0] ?? "", ...captions]))
    index += 1
    if (writes.length === WRITES) {
      await Promise.all(writes)
      writes = []
      onImage(index)
    }
  }
  await Promise.all(writes)
  onImage(index)
  await writeFile(join(folder, "urls.csv"), rows.join(""))
}
