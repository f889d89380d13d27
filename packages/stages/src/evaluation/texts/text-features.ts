import { permanent } from "@diva-pipeline/core"
import { type Benchmark, openBenchmark, type Templates } from "../benchmarks/index.ts"
import type { Features } from "../features.ts"
import { withClip } from "../model-folder.ts"
import type { Progressing } from "../progressing.ts"
import { ensemblePrompts, promptsOf } from "./class-prompts.ts"
import { encodeTexts } from "./encode-texts.ts"

/** What MMVP puts before every statement. */
const STATEMENT_PROMPT = "a photo of "
/** For benchmarks that come with none. */
const PLAIN_TEMPLATE = "a photo of a {c}."

/** Whose features of which texts are wanted. */
export interface TextFeaturesRequest extends Progressing {
  /** A CLIP folder, or a conditioned model's. */
  readonly model: string
  /** The benchmark's folder, or table. */
  readonly benchmark: string
  readonly split: string
  /** The benchmark's own when absent. */
  readonly templates?: Templates
  /** What the prompts are called in results. */
  readonly promptSet?: string
}

/** The features of a benchmark's texts: a row a class, a caption, or a statement. */
export type TextFeatures = { readonly features: Features } & (
  | {
      readonly task: "classification"
      readonly classnames: ReadonlyArray<string>
      readonly templates: Templates
      readonly promptSet: string
    }
  | {
      readonly task: "retrieval"
      readonly texts: ReadonlyArray<string>
      readonly imageOfText: Int32Array
      /** Of the images that they belong to. */
      readonly keys: ReadonlyArray<string>
    }
  | { readonly task: "pairs"; readonly texts: ReadonlyArray<string>; readonly keys: ReadonlyArray<string> }
)

/**
 * The text side of a model and a benchmark.
 *
 * @throws StageFailure when model or benchmark can't be used; the signal's reason when aborted
 */
export const computeTextFeatures = async (request: TextFeaturesRequest): Promise<TextFeatures> => {
  const benchmark = await openBenchmark(request.benchmark, request.split)
  if (benchmark.task === "retrieval") return captionFeatures(request, benchmark)
  if (benchmark.task === "pairs") return statementFeatures(request, benchmark)
  return classFeatures(request, benchmark)
}

const encoded = (request: TextFeaturesRequest, texts: ReadonlyArray<string>): Promise<Features> =>
  withClip(request.model, (model) => encodeTexts(model, texts, request))

const classFeatures = async (request: TextFeaturesRequest, benchmark: Benchmark): Promise<TextFeatures> => {
  const { classnames } = benchmark
  const templates = request.templates ?? benchmark.templates ?? [PLAIN_TEMPLATE]
  const prompts = classnames.map((name) => promptsOf(name, templates))
  const features = ensemblePrompts(
    await encoded(request, prompts.flat()),
    prompts.map(({ length }) => length),
  )
  const own = benchmark.templates === undefined ? "plain" : "benchmark"
  const promptSet = request.promptSet ?? (request.templates === undefined ? own : "given")
  return { task: "classification", features, classnames, templates, promptSet }
}

const captionFeatures = async (request: TextFeaturesRequest, benchmark: Benchmark): Promise<TextFeatures> => {
  const [texts, owners, keys]: [Array<string>, Array<number>, Array<string>] = [[], [], []]
  for await (const { key, captions = [] } of benchmark.samples()) {
    for (const caption of captions) {
      texts.push(caption)
      owners.push(keys.length)
    }
    keys.push(key)
  }
  if (texts.length === 0)
    throw permanent("the retrieval benchmark has no captions", { file: request.benchmark })
  const features = await encoded(request, texts)
  return { task: "retrieval", features, texts, imageOfText: Int32Array.from(owners), keys }
}

const statementFeatures = async (
  request: TextFeaturesRequest,
  benchmark: Benchmark,
): Promise<TextFeatures> => {
  const [texts, keys]: [Array<string>, Array<string>] = [[], []]
  for await (const { key, question } of benchmark.samples()) {
    texts.push(`${STATEMENT_PROMPT}${question?.statement}`)
    keys.push(key)
  }
  return { task: "pairs", features: await encoded(request, texts), texts, keys }
}
