import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { openBenchmark } from "../benchmarks/index.ts"
import type { BenchmarkTask } from "../catalogue/index.ts"
import type { Features } from "../features.ts"
import { withClip } from "../model-folder.ts"
import type { Progressing } from "../progressing.ts"
import { type FeatureView, resolveViews, type ViewsRequest } from "../views/index.ts"
import { encodeImages } from "./encode-images.ts"
import {
  odditiesAcross,
  odditiesOfCaptions,
  odditiesOfImages,
  odditiesOfLists,
  odditiesOfSize,
} from "./oddities.ts"
import { SampleCollector, type Samples } from "./samples.ts"

/** Whose features of which images are wanted. */
export interface ImageFeaturesRequest extends Progressing {
  /** A CLIP folder, or a conditioned model's. */
  readonly model: string
  /** The benchmark's folder, or table. */
  readonly benchmark: string
  readonly split: string
  /** More data whose images should not be among the benchmark's. */
  readonly against: ReadonlyArray<string>
  readonly views: ViewsRequest
  /** Images a batch. */
  readonly batch: number
}

/** The features of a view. */
export interface ViewFeatures {
  readonly draws: ReadonlyArray<Features>
  /** What logits of pairs are multiplied by. */
  readonly logitScale: number
}

/** The features of a benchmark's images, and what is known of these. */
export interface ImageFeatures {
  readonly task: BenchmarkTask
  readonly samples: Samples
  readonly views: ReadonlyMap<FeatureView["name"], ViewFeatures>
  readonly logitBias: number
  /** What is odd in the data, in sentences. */
  readonly flags: ReadonlyArray<string>
}

/**
 * The features of a benchmark's images in all views that are asked for. Without a list of views it is the class token's;
 * of pairs, where what is scored differs most, all that the model has.
 *
 * @throws StageFailure when model or benchmark can't be used; the signal's reason when aborted
 */
export const computeImageFeatures = async (request: ImageFeaturesRequest): Promise<ImageFeatures> => {
  const benchmark = await openBenchmark(request.benchmark, request.split)
  const names = request.views.names ?? (benchmark.task === "pairs" ? undefined : ["class" as const])
  const views = await resolveViews(request.model, { ...request.views, ...(names && { names }) })
  const collector = new SampleCollector()
  const encoded = await withClip(request.model, async (model) => {
    const { batch, signal, progress } = request
    const samples = collector.collect(benchmark.samples())
    const features = await encodeImages(model, samples, {
      views,
      batch,
      // MMVP's evaluation opens images itself; CLIP_benchmark's data sets convert what they read.
      rgbFirst: benchmark.task !== "pairs",
      total: benchmark.total,
      signal,
      progress,
    })
    return { features, logitScale: model.logitScale, logitBias: model.logitBias }
  })
  const samples = collector.samples(benchmark.task)
  if (samples.keys.length === 0) throw permanent("the benchmark has no images", { file: request.benchmark })
  return {
    task: benchmark.task,
    samples,
    views: new Map(
      views.map(({ name, rule }) => [
        name,
        {
          draws: encoded.features.get(name) ?? [],
          logitScale: rule.logitScale ?? encoded.logitScale,
        },
      ]),
    ),
    logitBias: encoded.logitBias,
    flags: [
      ...(benchmark.flags ?? []),
      ...odditiesOfSize(await nameOf(request.benchmark), request.split, benchmark, samples),
      ...odditiesOfLists(benchmark, samples),
      ...odditiesOfCaptions(collector.emptyCaptions),
      ...odditiesOfImages(samples),
      ...(await odditiesAcross(request.benchmark, request.split, request.against, samples, request.signal)),
    ],
  }
}

/** The name by which a benchmark was fetched. */
const nameOf = async (folder: string): Promise<string | undefined> => {
  const text = await readFile(join(folder, "manifest.json"), "utf8").catch(() => "{}")
  try {
    const manifest: unknown = JSON.parse(text)
    return typeof manifest === "object" && manifest !== null && "name" in manifest
      ? String(manifest.name)
      : undefined
  } catch {
    return undefined
  }
}
