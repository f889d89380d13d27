import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { imageOf, readBenchmarkSamples, type Sample, textOf } from "../../formats/index.ts"
import { parseNumpyVector } from "./npy.ts"

/** An image with its class, or with all its labels. */
export interface LabelledImage {
  readonly key: string
  /** The encoded image. */
  readonly image: Uint8Array
  /** The class; or for a multi-label benchmark one number a class, not 0 where the image has the label. */
  readonly target: number | ReadonlyArray<number>
}

/** A zero-shot classification benchmark: CLIP_benchmark's `wds_*` folders. */
export interface ClassificationBenchmark {
  readonly classnames: ReadonlyArray<string>
  /** Prompts with `{c}` in the class name's place. */
  readonly templates: ReadonlyArray<string>
  readonly samples: () => AsyncGenerator<LabelledImage>
}

/**
 * Opens a folder with `classnames.txt`, `zeroshot_classification_templates.txt` and shards (in `test/` or directly) of
 * images with `.cls`, or with `.npy` where images have several labels.
 *
 * @throws StageFailure naming the file, line or sample at fault
 */
export const openClassificationBenchmark = async (folder: string): Promise<ClassificationBenchmark> => {
  const classnames = await readLines(join(folder, "classnames.txt"))
  const templates = await readLines(join(folder, "zeroshot_classification_templates.txt"))
  for (const [index, template] of templates.entries())
    if (!template.includes("{c}"))
      throw permanent(`the template "${template}" has no place {c} for the class name`, {
        file: `${join(folder, "zeroshot_classification_templates.txt")}:${index + 1}`,
      })
  return { classnames, templates, samples: () => labelledImages(folder, classnames.length) }
}

const readLines = async (file: string): Promise<ReadonlyArray<string>> => {
  const text = await readFile(file, "utf8").catch(() => undefined)
  if (text === undefined)
    throw permanent("a file of the classification benchmark is missing", {
      file,
      hint: "a benchmark folder has classnames.txt, zeroshot_classification_templates.txt and shards in test/",
    })
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/)
  while (lines.at(-1)?.trim() === "") lines.pop()
  const empty = lines.findIndex((line) => line.trim() === "")
  if (lines.length === 0) throw permanent("the file is empty", { file })
  // A blank line in between would shift every class after it.
  if (empty >= 0) throw permanent("a line in the middle is empty", { file: `${file}:${empty + 1}` })
  return lines
}

async function* labelledImages(folder: string, classes: number): AsyncGenerator<LabelledImage> {
  for await (const sample of readBenchmarkSamples(folder)) {
    const image = imageOf(sample)
    if (image === undefined) throw broken(folder, sample, "has no image")
    yield { key: sample.key, image, target: targetOf(sample, classes, folder) }
  }
}

const targetOf = (sample: Sample, classes: number, folder: string): LabelledImage["target"] => {
  const several = sample.files.get("npy")
  if (several !== undefined) {
    const labels = parseNumpyVector(several)
    if (labels?.length === classes) return labels
    throw broken(folder, sample, `needs a .npy of ${classes} numbers, one a class`)
  }
  const text = textOf(sample, "cls")?.trim()
  if (text === undefined) throw broken(folder, sample, "has no .cls file with its class")
  if (!/^\d{1,9}$/.test(text) || Number(text) >= classes)
    throw broken(folder, sample, `has the class "${text}", but classes are 0 to ${classes - 1}`)
  return Number(text)
}

const broken = (folder: string, sample: Sample, what: string) =>
  permanent(`sample ${sample.key} of the classification benchmark ${what}`, { file: folder })
