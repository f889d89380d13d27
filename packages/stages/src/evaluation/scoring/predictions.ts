import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TensorToStore, writeSafetensors } from "../../formats/index.ts"
import type { Samples } from "../images/index.ts"

/** The record of every answer, in the layout of docs/evaluation.md. */
export interface Predictions {
  /** What `predictions.json` says besides its format. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly samples: Samples
  readonly tensors: ReadonlyArray<TensorToStore>
  /** Of pairs: a record a question and draw. */
  readonly questions?: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/** Writes predictions into a folder. */
export const writePredictions = async (
  folder: string,
  { facts, samples, tensors, questions }: Predictions,
): Promise<void> => {
  await mkdir(folder, { recursive: true })
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  await write("predictions.json", `${JSON.stringify({ format: 1, ...facts }, null, 1)}\n`)
  await write("samples.json", `${JSON.stringify(samples, null, 1)}\n`)
  await writeSafetensors(join(folder, "predictions.safetensors"), tensors)
  if (questions !== undefined)
    await write("questions.jsonl", questions.map((question) => `${JSON.stringify(question)}\n`).join(""))
}
