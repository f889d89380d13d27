import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { encodeJpeg } from "../../images/index.ts"
import { fineCaption } from "./captions.ts"
import { csvLine } from "./csv.ts"
import { renderScenes } from "./rendering.ts"
import type { ScenePair } from "./sampling.ts"
import { CATEGORIES } from "./scene.ts"

/** High enough that what JPEG loses is not what a model must see. */
const JPEG_QUALITY = 98

/**
 * Writes pairs in the format of MMVP-VLM: `Questions.csv` with a row a question, two neighbouring rows a pair,
 * numbered from 1 so that the first of a pair is odd; images in `MLLM_VLM_Images/<type>/<question>.jpg`.
 */
export const writePairsBenchmark = async (
  folder: string,
  pairs: ReadonlyArray<ScenePair>,
  size: number,
  onImage: (done: number) => void = () => {},
): Promise<void> => {
  const images = join(folder, "MLLM_VLM_Images")
  for (const category of CATEGORIES) await mkdir(join(images, category), { recursive: true })
  const questions = pairs.flatMap(({ category, first, second }) => [
    { category, scene: first },
    { category, scene: second },
  ])
  const rows = [csvLine(["Question ID", "Type", "Statement"])]
  let index = 0
  for await (const raster of renderScenes(
    questions.map(({ scene }) => scene),
    size,
  )) {
    const question = questions[index]
    if (question === undefined) break
    index += 1
    await writeFile(join(images, question.category, `${index}.jpg`), await encodeJpeg(raster, JPEG_QUALITY))
    rows.push(csvLine([index, question.category, fineCaption(question.scene)]))
    onImage(index)
  }
  await writeFile(join(folder, "Questions.csv"), rows.join(""))
}
