import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { patchesOfSide, TOKENIZER_FILES } from "../models/clip/index.ts"
import { type ConditionDesign, type DesignName, designNamed } from "./designs/index.ts"
import { readClip } from "./model-sizes.ts"

/** A model that a design was made for. */
interface Published {
  readonly design: DesignName
  /** Who made the model: a word that its name, or its repository's, holds. */
  readonly family: string
  /** Width of the image tower. */
  readonly width: number
  /** Patches along a side. */
  readonly side: number
}

const L14 = 1024
const H14 = 1280
const SO400M = 1152

const PUBLISHED: ReadonlyArray<Published> = [
  { design: "openai-l14-224", family: "openai", width: L14, side: 16 },
  { design: "openai-l14-336", family: "openai", width: L14, side: 24 },
  { design: "metaclip-l14", family: "metaclip", width: L14, side: 16 },
  { design: "metaclip-h14", family: "metaclip", width: H14, side: 16 },
  { design: "dfn-h14-224", family: "dfn", width: H14, side: 16 },
  { design: "dfn-h14-378", family: "dfn", width: H14, side: 27 },
  { design: "siglip-so400m-224", family: "siglip", width: SO400M, side: 16 },
  { design: "siglip-so400m-384", family: "siglip", width: SO400M, side: 27 },
  { design: "micro", family: "micro-clip", width: 128, side: 8 },
]

/**
 * The design that was published for a CLIP. Its sizes tell, and where two families have models of the same sizes, the
 * names that its files hold: the folder's own name is no part of a task's key.
 *
 * @throws StageFailure (permanent) when there is none, or no telling which
 */
export const automaticDesign = async (clip: string): Promise<ConditionDesign> => {
  const { config } = await readClip(clip)
  const side = patchesOfSide(config.vision)
  const fitting = PUBLISHED.filter(
    (one) =>
      one.width === config.vision.width &&
      one.side === side &&
      (one.family === "siglip") === (config.vision.timm_model_name !== undefined),
  )
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0) return designNamed(only.design)
  const named = (await namesOf(clip)).map((name) =>
    fitting.filter(({ family }) => name.toLowerCase().includes(family)),
  )
  const told = named.find(({ length }) => length === 1)?.[0]
  if (told !== undefined) return designNamed(told.design)
  const sizes = `an image tower ${config.vision.width} wide with ${side} × ${side} patches`
  throw permanent(
    fitting.length === 0
      ? `no condition design was published for a CLIP like this: ${sizes}`
      : `the model does not tell which condition design belongs to it: ${fitting.map(({ design }) => design).join(" or ")}`,
    { file: clip, hint: "say `design`: a name, or a map of your own" },
  )
}

/** What the files of a CLIP call it, the surest name first: of weights/fetch, and of transformers. */
const namesOf = async (clip: string): Promise<ReadonlyArray<string>> => {
  const manifest = await entriesOf(join(clip, "manifest.json"))
  const words: ReadonlyArray<string> = TOKENIZER_FILES
  const sources = Object.entries(manifest.files ?? {})
    // MetaCLIP and DFN take their words from OpenAI.
    .filter(([name]) => !words.includes(name))
    .map(([, file]) => JSON.stringify(file))
  const { _name_or_path: transformers } = await entriesOf(join(clip, "config.json"))
  return [manifest.name, manifest.architecture, sources.join(), transformers].filter(
    (name) => typeof name === "string",
  )
}

const entriesOf = async (file: string): Promise<Readonly<Record<string, unknown>>> => {
  const json: unknown = await readFile(file, "utf8")
    .then((text) => JSON.parse(text))
    .catch(() => undefined)
  return typeof json === "object" && json !== null ? Object.fromEntries(Object.entries(json)) : {}
}
