import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { type Static, type TSchema, Type } from "typebox"
import { Value } from "typebox/value"
import type { BenchmarkSample } from "../evaluation/benchmarks/index.ts"
import { readSafetensors } from "../formats/index.ts"
import { type Thumbnail, thumbnail } from "./thumbnail.ts"

const Names = Type.Optional(Type.Array(Type.String()))

const FactsFile = Type.Object({
  task: Type.String(),
  benchmark: Type.String(),
  model: Type.Optional(Type.String()),
  view: Type.String(),
  prompts: Type.Optional(Type.String()),
  n: Type.Integer({ minimum: 1 }),
  classnames: Names,
  texts: Names,
})

/** What `predictions.json` says. */
export type Facts = Static<typeof FactsFile>

const SamplesFile = Type.Object({ keys: Type.Array(Type.String()), digests: Names })

/** Of what the predictions in a folder are. */
export const readFacts = (folder: string): Promise<Facts> =>
  readJson(join(folder, "predictions.json"), FactsFile)

/** Model, benchmark, prompts and view, as the report calls them. */
export const nameOf = ({ model, benchmark, prompts, view }: Facts): string => {
  const described = prompts === undefined ? [] : [`${prompts} prompts`]
  const name = [...(model === undefined ? [] : [model]), benchmark, ...described].join(", ")
  return view === "class" ? name : `${name} (${view} view)`
}

/** The keys of the images that were asked about, and the beginnings of their SHA-256 where these are known. */
export const readSamples = async (folder: string) => {
  const { keys, digests = [] } = await readJson(join(folder, "samples.json"), SamplesFile)
  return { keys, digests }
}

/** The numbers of a tensor of the predictions; none where there is no such tensor. */
export const readColumns = async (folder: string): Promise<(name: string) => ArrayLike<number>> => {
  const tensors = await readSafetensors(join(folder, "predictions.safetensors"))
  return (name) => {
    const data: unknown = tensors.get(name)?.data
    return data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array
      ? data
      : []
  }
}

const readJson = async <const Schema extends TSchema>(file: string, schema: Schema) => {
  const value: unknown = JSON.parse(await readFile(file, "utf8"))
  if (Value.Check(schema, value)) return value
  throw permanent("this is no file of predictions", {
    file,
    hint: "predictions are an output of evaluate/score",
  })
}

/** Splits that a benchmark may have been scored on, in the order in which they are looked through. */
const SPLITS = ["test", "val", "validation"]

/** Pictures by the beginnings of their SHA-256, as far as the benchmarks have them, of whatever layout. */
export const findPictures = async (sources: ReadonlyArray<string>, digests: ReadonlyArray<string>) => {
  const wanted = new Set(digests)
  const found = new Map<string, Thumbnail>()
  for (const source of sources)
    for await (const { image } of samplesOf(source)) {
      const digest = createHash("sha256").update(image).digest("hex").slice(0, 32)
      if (!wanted.delete(digest)) continue
      const picture = await thumbnail(image)
      if (picture !== undefined) found.set(digest, picture)
      if (wanted.size === 0) return found
    }
  return found
}

/** The samples of all splits that there are. */
async function* samplesOf(source: string): AsyncGenerator<BenchmarkSample> {
  const { openBenchmark } = await import("../evaluation/benchmarks/index.ts")
  const opened = await Promise.allSettled(SPLITS.map((split) => openBenchmark(source, split)))
  const there = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
  const [refused] = opened
  if (there.length === 0 && refused?.status === "rejected") throw refused.reason
  for (const benchmark of there) yield* benchmark.samples()
}
