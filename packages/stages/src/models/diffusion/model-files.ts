import { permanent, StageFailure } from "@diva-pipeline/core"
import { readJsonFile } from "../../formats/index.ts"
import { type Parameters, readParameters } from "../../tensor/index.ts"
import { misfit, renamed, type Wanted } from "../weights/index.ts"
import type { ParameterShapes } from "./parameter-shapes.ts"
import { findWeights, type WeightsNames } from "./weights-files.ts"

/** Constants that some files hold beside the weights. */
const CONSTANTS = /(^|\.)position_ids$/

/** Runs a reader of the model's files; what it throws becomes a failure that names the file. */
export const reading = async <A>(file: string, read: () => Promise<A>): Promise<A> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StageFailure) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw permanent(`the diffusion model cannot be read: ${why}`, {
      file,
      hint: "a diffusion model's folder holds unet, vae, text_encoder, tokenizer and scheduler, as diffusers saves them",
    })
  }
}

/** Reads and checks a JSON configuration. */
export const readConfiguration = <Config>(file: string, parse: (json: unknown) => Config): Promise<Config> =>
  reading(file, async () => parse(await readJsonFile(file)))

/** How the weights of a folder are found, and what they must be. */
export interface WeightsToRead {
  readonly wanted: Wanted
  readonly names: WeightsNames
  readonly shapes: ParameterShapes
  /** From names in the file to those expected. */
  readonly rename?: (name: string) => string
}

/** Reads the weights of a folder; whether they are those expected is known before any is in memory. */
export const readWeights = async (
  folder: string,
  { wanted, names, shapes, rename = (name) => name }: WeightsToRead,
): Promise<Parameters> => {
  const file = await findWeights(folder, names)
  return await reading(file, () =>
    readParameters(file, (checkpoint) => {
      const view = renamed(checkpoint, (name) => (CONSTANTS.test(name) ? undefined : rename(name)))
      const failure = misfit(file, view, { wanted, shapes, ignored: CONSTANTS })
      if (failure !== undefined) throw failure
      return view
    }),
  )
}
