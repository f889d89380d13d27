import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Type } from "typebox"
import { writeSafetensors } from "../../formats/index.ts"
import { floatsOf, readArtefactJson, readTensors, stackedTensor, unusable } from "../artefact-files.ts"
import { checkFinite } from "../features.ts"
import type { ImageFeatures, ViewFeatures } from "./image-features.ts"
import { SamplesFile } from "./samples.ts"

const FEATURES_JSON = "features.json"
const SAMPLES_JSON = "samples.json"
const TENSORS = "features.safetensors"

/** `features.json` */
const FeaturesFile = Type.Object({
  format: Type.Literal(1),
  task: Type.Union([
    Type.Literal("classification"),
    Type.Literal("multilabel"),
    Type.Literal("retrieval"),
    Type.Literal("pairs"),
  ]),
  n: Type.Integer({ minimum: 1 }),
  width: Type.Integer({ minimum: 1 }),
  views: Type.Record(
    Type.String(),
    Type.Object({ draws: Type.Integer({ minimum: 1 }), "logit-scale": Type.Number() }),
  ),
  "logit-bias": Type.Number(),
  flags: Type.Array(Type.String()),
})

/** Writes features into a folder, in the layout of docs/evaluation.md. */
export const writeImageFeatures = async (folder: string, given: ImageFeatures): Promise<void> => {
  const views = [...given.views]
  await mkdir(folder, { recursive: true })
  await writeSafetensors(
    join(folder, TENSORS),
    views.map(([name, { draws }]) => stackedTensor(name, draws)),
  )
  await writeJson(join(folder, SAMPLES_JSON), given.samples)
  await writeJson(join(folder, FEATURES_JSON), {
    format: 1,
    task: given.task,
    n: given.samples.keys.length,
    width: views[0]?.[1].draws[0]?.width ?? 0,
    views: Object.fromEntries(
      views.map(([name, { draws, logitScale }]) => [
        name,
        { draws: draws.length, "logit-scale": logitScale },
      ]),
    ),
    "logit-bias": given.logitBias,
    flags: given.flags,
  })
}

const writeJson = (file: string, value: unknown): Promise<void> =>
  writeFile(file, `${JSON.stringify(value, null, 1)}\n`)

/**
 * Reads features that `writeImageFeatures` or another program has written.
 *
 * @throws StageFailure naming the file, and the sample whose features are no numbers
 */
export const readImageFeatures = async (folder: string): Promise<ImageFeatures> => {
  const file = await readArtefactJson(join(folder, FEATURES_JSON), FeaturesFile)
  const samples = await readArtefactJson(join(folder, SAMPLES_JSON), SamplesFile)
  const { n, width, task } = file
  const columns = [samples.keys, samples.digests, ...columnsOf(samples, task)]
  if (columns.some((column) => column?.length !== n))
    throw unusable(join(folder, SAMPLES_JSON), `it has not ${n} entries in each column of ${task}`)
  const tensors = await readTensors(folder, TENSORS)
  const views = new Map<"class" | "original" | "all-tokens", ViewFeatures>()
  for (const name of ["class", "original", "all-tokens"] as const) {
    const view = file.views[name]
    if (view === undefined) continue
    const { values } = floatsOf(tensors, name, [view.draws, n, width], join(folder, TENSORS))
    const draws = Array.from({ length: view.draws }, (_, draw) =>
      checkFinite(
        { values: values.subarray(draw * n * width, (draw + 1) * n * width), count: n, width },
        "images",
        (row) => samples.keys[row] ?? String(row),
      ),
    )
    views.set(name, { draws, logitScale: view["logit-scale"] })
  }
  return { task, samples, views, logitBias: file["logit-bias"], flags: file.flags }
}

const columnsOf = (
  { labels, targets, captions, questions }: ImageFeatures["samples"],
  task: ImageFeatures["task"],
): ReadonlyArray<ReadonlyArray<unknown> | undefined> => [
  { classification: labels, multilabel: targets, retrieval: captions, pairs: questions }[task],
]
