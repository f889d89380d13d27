import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Type } from "typebox"
import { writeSafetensors } from "../../formats/index.ts"
import { floatsOf, floatTensor, readArtefactJson, readTensors, unusable } from "../artefact-files.ts"
import type { Templates } from "../benchmarks/index.ts"
import { checkFinite } from "../features.ts"
import type { TextFeatures } from "./text-features.ts"

const TEXTS_JSON = "texts.json"
const TENSORS = "texts.safetensors"
const strings = Type.Array(Type.String())
const common = {
  format: Type.Literal(1),
  n: Type.Integer({ minimum: 1 }),
  width: Type.Integer({ minimum: 1 }),
}

/** `texts.json` */
const TextsFile = Type.Union([
  Type.Object({
    ...common,
    task: Type.Literal("classification"),
    "template-set": Type.String(),
    classnames: strings,
    templates: Type.Union([strings, Type.Record(Type.String(), strings)]),
  }),
  Type.Object({
    ...common,
    task: Type.Literal("retrieval"),
    texts: strings,
    "image-of-text": Type.Array(Type.Integer({ minimum: 0 })),
    keys: strings,
  }),
  Type.Object({ ...common, task: Type.Literal("pairs"), texts: strings, keys: strings }),
])

/** Writes features into a folder, in the layout of docs/evaluation.md. */
export const writeTextFeatures = async (folder: string, given: TextFeatures): Promise<void> => {
  const { values, count, width } = given.features
  await mkdir(folder, { recursive: true })
  await writeSafetensors(join(folder, TENSORS), [floatTensor("texts", [count, width], values)])
  const file = { format: 1, task: given.task, n: count, width, ...factsOf(given) }
  await writeFile(join(folder, TEXTS_JSON), `${JSON.stringify(file, null, 1)}\n`)
}

const factsOf = (given: TextFeatures): Readonly<Record<string, unknown>> => {
  switch (given.task) {
    case "classification":
      return {
        "template-set": given.promptSet,
        classnames: given.classnames,
        templates: given.templates instanceof Map ? Object.fromEntries(given.templates) : given.templates,
      }
    case "retrieval":
      return { texts: given.texts, "image-of-text": [...given.imageOfText], keys: given.keys }
    case "pairs":
      return { texts: given.texts, keys: given.keys }
  }
}

/**
 * Reads features that `writeTextFeatures` or another program has written.
 *
 * @throws StageFailure naming the file, and the text whose features are no numbers
 */
export const readTextFeatures = async (folder: string): Promise<TextFeatures> => {
  const place = join(folder, TEXTS_JSON)
  const file = await readArtefactJson(place, TextsFile)
  const names = file.task === "classification" ? file.classnames : file.texts
  if (names.length !== file.n) throw unusable(place, `it has ${names.length} texts, and says ${file.n}`)
  const { values } = floatsOf(
    await readTensors(folder, TENSORS),
    "texts",
    [file.n, file.width],
    join(folder, TENSORS),
  )
  const features = checkFinite(
    { values, count: file.n, width: file.width },
    "texts",
    (row) => `"${names[row]}"`,
  )
  if (file.task === "pairs") return { task: "pairs", features, texts: file.texts, keys: file.keys }
  if (file.task === "retrieval") {
    const imageOfText = Int32Array.from(file["image-of-text"])
    const isWrong = imageOfText.length !== file.n || imageOfText.some((image) => image >= file.keys.length)
    if (isWrong) throw unusable(place, "image-of-text does not fit its texts and keys")
    return { task: "retrieval", features, texts: file.texts, imageOfText, keys: file.keys }
  }
  const { classnames, templates } = file
  const given: Templates = Array.isArray(templates) ? templates : new Map(Object.entries(templates))
  return { task: "classification", features, classnames, templates: given, promptSet: file["template-set"] }
}
