import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import {
  CONDITION_FILE,
  type Condition,
  type ConditionDesign,
  conditionJson,
  fitDesign,
} from "./designs/index.ts"
import { copyClip, copyDiffusion } from "./model-files.ts"
import { readModelSizes } from "./model-sizes.ts"
import { initialProjector, writeProjector } from "./projector.ts"

export interface InjectOptions {
  /** The CLIP folder. */
  readonly clip: string
  /** The diffusion model's folder. */
  readonly diffusion: string
  readonly design: ConditionDesign
  /** What the new linear layer starts from. */
  readonly seed: number
}

/**
 * Joins a CLIP and a diffusion model by a condition design: writes a folder with condition.json, a new visual_proj, and
 * copies of both models. Neither model nor anything installed is changed.
 *
 * @param output an existing, empty folder
 * @throws StageFailure (permanent) when the models are incomplete or don't fit the design
 */
export const injectCondition = async (
  output: string,
  { clip, diffusion, design, seed }: InjectOptions,
): Promise<Condition> => {
  const condition = fitDesign(design, await readModelSizes(clip, diffusion))
  const { dimensions } = condition
  await copyClip(clip, join(output, "clip"))
  await copyDiffusion(diffusion, join(output, "diffusion"))
  await writeProjector(output, initialProjector(dimensions, seed), dimensions)
  await writeFile(join(output, CONDITION_FILE), conditionJson(condition))
  return condition
}
