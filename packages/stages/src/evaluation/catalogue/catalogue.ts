import { CLASSIFICATION_BENCHMARKS } from "./classification.ts"
import { type BenchmarkEntry, webdataset } from "./entry.ts"

const RETRIEVAL_BENCHMARKS: ReadonlyArray<BenchmarkEntry> = [
  webdataset({
    name: "flickr30k",
    title: "Flickr30k",
    task: "retrieval",
    clipBenchmark: "flickr30k",
    size: 1000,
    classes: null,
    metric: "image_retrieval_recall@5",
    templates: null,
    licence: "research, and those of its images (Flickr's terms)",
    licencePage: "https://shannon.cs.illinois.edu/DenotationGraph/",
    note: "Karpathy's test split, five captions an image",
  }),
  webdataset({
    name: "mscoco",
    title: "MS-COCO",
    task: "retrieval",
    clipBenchmark: "mscoco_captions",
    size: 5000,
    classes: null,
    metric: "image_retrieval_recall@5",
    templates: null,
    licence: "CC-BY-4.0 (captions), and those of its images (Flickr's terms)",
    licencePage: "https://cocodataset.org/#termsofuse",
    note: "Karpathy's test split, five captions an image and six or seven of some",
  }),
]

const MMVP_VLM: BenchmarkEntry = {
  name: "mmvp-vlm",
  title: "MMVP-VLM",
  task: "pairs",
  clipBenchmark: null,
  source: {
    repository: "MMVP/MMVP_VLM",
    revision: "211372d5357398f914d806d07dc305aea1f257d2",
    include: ["Questions.csv", "MLLM_VLM*"],
  },
  split: "test",
  size: 270,
  classes: 9,
  metric: "average",
  templates: null,
  licence: "MIT",
  licencePage: "https://huggingface.co/datasets/MMVP/MMVP_VLM",
  digests: {},
  note: "135 pairs of images, 15 for each of nine visual patterns",
}

/** The benchmarks that DIVA's paper reports: 27 of zero-shot classification, two of retrieval, and MMVP-VLM. */
export const BENCHMARKS: ReadonlyArray<BenchmarkEntry> = [
  ...CLASSIFICATION_BENCHMARKS,
  ...RETRIEVAL_BENCHMARKS,
  MMVP_VLM,
]
