import { readFile } from "node:fs/promises"
import { permanent } from "@diva-pipeline/core"
import { type Static, Type } from "typebox"
import { type ConditionDesign, completeDesign, designSchema } from "./design.ts"

const size = (description: string) => Type.Integer({ description, minimum: 1, maximum: 1_000_000 })

const dimensionsSchema = Type.Object(
  {
    "image-size": size("Pixels of a side of the images that the diffusion model takes"),
    patches: size("Patch tokens of an image"),
    "drawn-patches": Type.Integer({ description: "Patch tokens drawn for an image", minimum: 0 }),
    tokens: size("Condition tokens"),
    "token-width": size("Width of a condition token before visual_proj"),
    "context-width": size("Width of a condition token after visual_proj"),
    "text-tokens": size("Tokens of the text"),
  },
  { additionalProperties: false },
)

/** Sizes that a design has with given models. */
export type ConditionDimensions = Static<typeof dimensionsSchema>

/** A design fitted to a CLIP and a diffusion model: the content of condition.json. */
export interface Condition {
  readonly design: ConditionDesign
  readonly dimensions: ConditionDimensions
}

const fileSchema = Type.Object(
  { version: Type.Literal(1), design: designSchema, dimensions: dimensionsSchema },
  { additionalProperties: false },
)

/** The file of a model folder that holds its condition. */
export const CONDITION_FILE = "condition.json"

/** What condition.json holds. */
export const conditionJson = ({ design, dimensions }: Condition): string =>
  `${JSON.stringify({ version: 1, design, dimensions }, undefined, 2)}\n`

/**
 * Reads a condition.json.
 *
 * @throws StageFailure (permanent) when it is missing or damaged
 */
export const readCondition = async (file: string): Promise<Condition> => {
  const text = await readFile(file, "utf8").catch(() => undefined)
  if (text === undefined) {
    throw permanent("the model has no condition design: its folder holds no condition.json", {
      file,
      hint: "give the model of condition/inject",
    })
  }
  // Whoever only lists stages does without.
  const { Check, Errors } = await import("typebox/value")
  const json = parse(text)
  if (Check(fileSchema, json)) return { design: completeDesign(json.design), dimensions: json.dimensions }
  const [first] = Errors(fileSchema, json)
  const where = first === undefined ? "not JSON" : `${first.instancePath || "the whole"} ${first.message}`
  throw permanent(`this condition.json is damaged or of another version: ${where}`, {
    file,
    hint: "make the model again with condition/inject",
  })
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
