import { BENCHMARKS, type BenchmarkEntry } from "../evaluation/catalogue/index.ts"

/** Benchmarks as open_clip's tables head their columns, where it isn't the catalogue's name or title. */
const COLUMNS: Readonly<Record<string, string>> = {
  "imagenet 1k": "imagenet1k",
  "imagenet v2": "imagenetv2",
  "describable textures": "vtab/dtd",
  "fgvc aircraft": "fgvc_aircraft",
  "oxford flowers-102": "vtab/flowers",
  "oxford-iiit pet": "vtab/pets",
  patchcamelyon: "vtab/pcam",
  "rendered sst2": "renderedsst2",
  "stanford cars": "cars",
  flickr: "flickr30k",
  mscoco: "mscoco_captions",
}

/** Letters and digits alone: `wds/vtab/cifar10`, `vtab-cifar10` and `CIFAR-10` are the same benchmark. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^wds[/_]/, "")
    .replace(/^vtab[/_-]/, "")
    .replace(/[^a-z0-9]/g, "")

/** Of a set of images with several labels each, other programs may have a variant with one label under its plain name. */
const namesOf = ({ name, title, clipBenchmark, task }: BenchmarkEntry): ReadonlyArray<string> => [
  ...(task === "multilabel" ? [] : [name, title]),
  ...(clipBenchmark === null ? [] : [clipBenchmark]),
]

const entries = new Map(
  BENCHMARKS.flatMap((entry) => namesOf(entry).map((name) => [plain(name), entry] as const)),
)

/** The catalogue's entry for a benchmark as another program calls it. */
export const findBenchmark = (name: string): BenchmarkEntry | undefined =>
  entries.get(plain(COLUMNS[name.trim().toLowerCase()] ?? name))

/** What a benchmark is called that the catalogue doesn't have: not as another one that it has. */
export const foreignName = (dataset: string): string => {
  const name = dataset.replace(/^wds\//, "")
  return BENCHMARKS.some((entry) => entry.name === name) ? `${name} (another variant)` : name
}
