/** What a benchmark asks of a model. */
export type BenchmarkTask = "classification" | "multilabel" | "retrieval" | "pairs"

/** The metrics that single benchmarks are told by. */
export type MainMetric =
  | "acc1"
  | "mean_per_class_recall"
  | "mean_average_precision"
  | "image_retrieval_recall@5"
  | "average"

/** Where a benchmark is to be had: a repository of data on Hugging Face's hub. */
export interface BenchmarkSource {
  /** `owner/name` */
  readonly repository: string
  /** A commit where one is known, by which others pin it; else `main`. */
  readonly revision: string
  /** Which of its files: Python's fnmatch patterns. */
  readonly include: ReadonlyArray<string>
}

/** A set of prompts, by CLIP_benchmark's name for it. */
export interface TemplateSet {
  readonly set: string
  readonly count: number
  /** The prompts themselves, where its data comes without them: they are put beside it. */
  readonly lines?: ReadonlyArray<string>
}

/** A benchmark, as data. */
export interface BenchmarkEntry {
  readonly name: string
  /** As papers write it. */
  readonly title: string
  readonly task: BenchmarkTask
  /** Its name in CLIP_benchmark; null where that has none. */
  readonly clipBenchmark: string | null
  readonly source: BenchmarkSource
  readonly split: string
  /** Images. */
  readonly size: number
  /** Classes, or categories of pairs; null for retrieval. */
  readonly classes: number | null
  /** What it is told by in one number. */
  readonly metric: MainMetric
  /** The set of prompts that comes with it, and how many they are; null where texts are the benchmark's own. */
  readonly templates: TemplateSet | null
  /** SPDX identifier, or the publishers' terms in a few words; null where they state none that is known. */
  readonly licence: string | null
  /** The page that states it. */
  readonly licencePage?: string
  /** SHA-256 of its parts by path, where it is known: where not, the hub's own digests at the moment of the download count. */
  readonly digests: Readonly<Record<string, string>>
  readonly note?: string
}

/** Where a benchmark's prompts are, beside its data. */
export const TEMPLATES_FILE = "zeroshot_classification_templates.txt"

const REPOSITORIES = "clip-benchmark/wds_"

/** The files of a repository that its test split is made of. */
export const webdatasetFiles = (split: string): ReadonlyArray<string> => ["*.txt", `${split}/*`]

type Described = Omit<BenchmarkEntry, "source" | "split" | "digests">

/** A benchmark that CLIP_benchmark's authors have put on the hub as a webdataset. */
export const webdataset = ({
  commit,
  ...entry
}: Described & { readonly clipBenchmark: string; readonly commit?: string }): BenchmarkEntry => {
  const split = "test"
  return {
    ...entry,
    source: {
      repository: `${REPOSITORIES}${entry.clipBenchmark.replaceAll("/", "-")}`,
      revision: commit ?? "main",
      include: webdatasetFiles(split),
    },
    split,
    digests: {},
  }
}
