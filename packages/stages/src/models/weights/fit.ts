import { permanent, type StageFailure } from "@diva-pipeline/core"
import { type CheckpointFile, printable } from "../../formats/index.ts"
import { otherKind, type Wanted } from "./kinds.ts"

/** What a model expects of its weights. */
export interface Expectation {
  readonly wanted: Wanted
  /** As they are in a checkpoint: kernels are [out, in, height, width]. */
  readonly shapes: ReadonlyMap<string, ReadonlyArray<number>>
  /** Names that are no parameters, and don't count. */
  readonly ignored: RegExp
  /** What is told of a name that is missing, where the file has another naming. */
  readonly told?: (name: string) => string
}

/**
 * Compares names and shapes of a checkpoint with those that a model has, before anything of it is read.
 *
 * @returns the failure to tell, with every kind of difference by name; undefined when all fits
 */
export const misfit = (
  file: string,
  checkpoint: CheckpointFile,
  { wanted, shapes, ignored, told = (name) => name }: Expectation,
): StageFailure | undefined => {
  const names = checkpoint.names().filter((name) => !ignored.test(name))
  const present = new Set(names)
  const missing = [...shapes.keys()].filter((name) => !present.has(name))
  const unexpected = names.filter((name) => !shapes.has(name))
  const misshapen = names.flatMap((name) => {
    const [shape, found] = [shapes.get(name), checkpoint.entry(name).shape]
    return shape === undefined || isSame(shape, found) ? [] : [`${name} is [${found}], not [${shape}]`]
  })
  const wrong = [
    ...listed("missing", missing.map(told)),
    ...listed("unexpected", unexpected),
    ...listed("of another shape", misshapen),
  ]
  if (wrong.length === 0) return undefined
  const other = otherKind(names, wanted)
  return permanent(
    `the weights do not fit the configuration${other === undefined ? "" : `, for they are ${other}`}: ${wrong.join("; ")}`,
    { file, hint: other === undefined ? nearest(shapes, names) : HINTS[wanted] },
  )
}

/** A single number may be a scalar or a list of one. */
const isSame = (shape: ReadonlyArray<number>, found: ReadonlyArray<number>): boolean =>
  shape.length === 0 ? found.every((size) => size === 1) : String(shape) === String(found)

const HINTS: Readonly<Record<Wanted, string>> = {
  clip: "give the weights of a whole CLIP, as OpenAI, open_clip or transformers name them",
  unet: "give the UNet of Stable Diffusion 1.x or 2.x, in diffusers' layout",
  autoencoder: "give the autoencoder of Stable Diffusion 1.x or 2.x, in diffusers' layout",
  "text-encoder": "give the text encoder of Stable Diffusion 1.x or 2.x, in diffusers' layout",
}

/** Where weights are of the right kind, how many layers there are tells most often what is wrong. */
const nearest = (shapes: ReadonlyMap<string, unknown>, names: ReadonlyArray<string>): string => {
  const [expected, found] = [layersOf(shapes.keys()), layersOf(names)]
  const others = [...expected].filter(([list, count]) => (found.get(list) ?? 0) !== count)
  const [first] = others
  const model = "the configuration and the weights must come from one model"
  if (first === undefined) return model
  const [list, count] = first
  return `${model}: the configuration has ${count} layers in ${list}, the weights ${found.get(list) ?? 0}`
}

/** How long each numbered list of layers is. */
const layersOf = (names: Iterable<string>): ReadonlyMap<string, number> => {
  const lengths = new Map<string, number>()
  for (const name of names) {
    const [, list = "", index = "0"] = /^(.*?)\.(\d{1,4})\./.exec(name) ?? []
    if (list !== "") lengths.set(list, Math.max(lengths.get(list) ?? 0, Number(index) + 1))
  }
  return lengths
}

const SHOWN = 5

const listed = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (names.length === 0) return []
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""
  return [`${what}: ${names.slice(0, SHOWN).map(printable).join(", ")}${more}`]
}
