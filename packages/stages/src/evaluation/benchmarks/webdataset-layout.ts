import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { permanent, type StageFailure } from "@diva-pipeline/core"
import { imageOf, readShard, type Sample } from "../../formats/index.ts"
import { type BenchmarkTask, TEMPLATES_FILE } from "../catalogue/index.ts"
import type { Benchmark, BenchmarkSample } from "./benchmark.ts"
import { CLASSNAMES_FILE, readClassnames, readTemplates, splitLines } from "./class-texts.ts"
import { countedShards } from "./counted-shards.ts"
import { parseNumpyVector } from "./npy.ts"
import { decodeUtf8, readUtf8 } from "./utf8.ts"

/** The folder of a split's shards: `<split>/`, or the benchmark's own; undefined when there are none. */
export const shardFolder = async (folder: string, split: string): Promise<string | undefined> => {
  for (const candidate of [join(folder, split), folder]) {
    const names: ReadonlyArray<string> = await readdir(candidate).catch(() => [])
    if (names.some((name) => name.endsWith(".tar") || name === "nshards.txt")) return candidate
  }
  return undefined
}

/**
 * Opens CLIP_benchmark's layout: `<split>/0.tar`, `1.tar` … as `<split>/nshards.txt` counts them, `classnames.txt`,
 * `zeroshot_classification_templates.txt`, and `dataset_type.txt` where it is `retrieval` or `multilabel`; without it the
 * first sample tells. Samples are images with `.cls`, `.npy` or `.txt`.
 *
 * @param shards the folder of the shards
 */
export const openWebdataset = async (folder: string, shards: string): Promise<Benchmark> => {
  const { files, flags } = await countedShards(shards)
  const task = (await statedTask(folder)) ?? (await taskOfFirst(files, shards))
  const isClasses = task === "classification" || task === "multilabel"
  const classnames = isClasses ? await readClassnames(folder) : []
  if (classnames === undefined)
    throw permanent("a file of the classification benchmark is missing", {
      file: join(folder, CLASSNAMES_FILE),
      hint: `a folder of shards has ${CLASSNAMES_FILE} and ${TEMPLATES_FILE} beside it`,
    })
  return {
    task,
    classnames,
    templates: isClasses ? await readTemplates(folder) : undefined,
    total: undefined,
    flags,
    samples: () => readAll(files, task, classnames.length),
  }
}

const statedTask = async (folder: string): Promise<BenchmarkTask | undefined> => {
  const text = await readUtf8(join(folder, "dataset_type.txt"))
  const type = text?.trim().toLowerCase()
  if (type === undefined) return undefined
  return type === "retrieval" || type === "multilabel" ? type : "classification"
}

const taskOfFirst = async (shards: ReadonlyArray<string>, folder: string): Promise<BenchmarkTask> => {
  for (const shard of shards)
    for await (const { files } of readShard(shard)) {
      if (files.has("cls")) return "classification"
      if (files.has("npy")) return "multilabel"
      return files.has("txt") ? "retrieval" : "classification"
    }
  throw permanent("the benchmark has no samples", { file: folder })
}

async function* readAll(
  shards: ReadonlyArray<string>,
  task: BenchmarkTask,
  classes: number,
): AsyncGenerator<BenchmarkSample> {
  for (const shard of shards)
    for await (const sample of readShard(shard)) yield sampleOf(sample, task, classes, shard)
}

/** The images that CLIP_benchmark looks for, first to last, where a sample has several. */
const IMAGES = ["webp", "png", "jpg", "jpeg"]

const sampleOf = (sample: Sample, task: BenchmarkTask, classes: number, file: string): BenchmarkSample => {
  const { key, files } = sample
  const image = files.get(IMAGES.find((extension) => files.has(extension)) ?? "") ?? imageOf(sample)
  if (image === undefined) throw broken(file, sample, "has no image")
  if (task === "retrieval") return { key, image, captions: captionsOf(sample, file) }
  return task === "multilabel"
    ? { key, image, targets: targetsOf(sample, classes, file) }
    : { key, image, label: labelOf(sample, classes, file) }
}

const textIn = (sample: Sample, extension: string, file: string): string | undefined => {
  const bytes = sample.files.get(extension)
  if (bytes === undefined) return undefined
  const text = decodeUtf8(bytes)
  if (text === undefined) throw broken(file, sample, `has a .${extension} file that is not UTF-8`)
  return text
}

/** Lines as they are: an empty one is an empty caption, as for CLIP_benchmark. */
const captionsOf = (sample: Sample, file: string): ReadonlyArray<string> => {
  const text = textIn(sample, "txt", file)
  if (text === undefined) throw broken(file, sample, "has no .txt file with its captions")
  const captions = splitLines(text)
  if (captions.every((caption) => caption.trim() === "")) throw broken(file, sample, "has an empty .txt file")
  return captions
}

const targetsOf = (sample: Sample, classes: number, file: string): ReadonlyArray<number> => {
  const numbers = parseNumpyVector(sample.files.get("npy") ?? new Uint8Array())
  if (numbers?.length !== classes)
    throw broken(file, sample, `needs a .npy of ${classes} numbers, one a class`)
  const odd = numbers.find((number) => number !== 0 && number !== 1)
  if (odd !== undefined)
    throw permanent(`sample ${sample.key} of the benchmark has the number ${odd} for a class in its .npy`, {
      file,
      hint: "a class is there, 1, or not, 0: of difficult or ignored labels it must be settled before which they are",
    })
  return numbers.flatMap((number, label) => (number === 0 ? [] : [label]))
}

const labelOf = (sample: Sample, classes: number, file: string): number => {
  const text = textIn(sample, "cls", file)?.trim()
  if (text === undefined) throw broken(file, sample, "has no .cls file with its class")
  if (!/^\d{1,9}$/.test(text) || Number(text) >= classes)
    throw broken(file, sample, `has the class "${text}", but classnames.txt has classes 0 to ${classes - 1}`)
  return Number(text)
}

const broken = (file: string, { key }: Sample, what: string): StageFailure =>
  permanent(`sample ${key} of the benchmark ${what}`, { file })
