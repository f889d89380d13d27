import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { decodeImported, encodeImported, type ImportedScore, ResultsError, readResults } from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/results")
const read = (name: string): ReadonlyArray<ImportedScore> =>
  readResults(readFileSync(join(fixtures, name), "utf8"), name).scores
const brief = ({ benchmark, metric, value, n }: ImportedScore) => [benchmark, metric, value, n]

describe("results of other programs", () => {
  it("are read from CLIP_benchmark's files, under the catalogue's names and with its sizes", () => {
    const scores = read("cifar10_openai_ViT-B-32_en_zeroshot_classification.json")
    expect(scores.map(brief)).toEqual([
      ["cifar-10", "acc1", 0.8983, 10_000],
      ["cifar-10", "acc5", 0.9959, 10_000],
      ["cifar-10", "mean_per_class_recall", 0.8984, 10_000],
    ])
    expect(scores[0]).toMatchObject({ model: "ViT-B-32 openai", kind: "zero-shot" })
  })

  it("are read from its tables: what is no metric of ours is left out, what we don't know has no size", () => {
    const scores = read("benchmark.csv")
    expect(scores.map(brief)).toEqual([
      ["imagenet-1k", "acc1", 0.6327, 50_000],
      ["imagenet-1k", "acc5", 0.8874, 50_000],
      ["imagenet-1k", "mean_per_class_recall", 0.633, 50_000],
      ["flickr30k", "image_retrieval_recall@5", 0.8346, 1000],
      ["flickr30k", "text_retrieval_recall@5", 0.9501, 1000],
      ["voc2007", "mean_average_precision", 0.7636, 4952],
      // Its single-label variant has other images: it is not the catalogue's, nor as large.
      ["voc2007 (another variant)", "acc1", 0.7644, undefined],
      ["voc2007 (another variant)", "mean_per_class_recall", 0.8063, undefined],
      ["a-set-of-mine", "acc1", 0.51, undefined],
    ])
  })

  it("are read from open_clip's tables, by the metric that each column holds", () => {
    const scores = read("openclip_results.csv").filter(({ model }) => model === "ViT-L-14 openai")
    expect(scores.map(brief)).toEqual([
      ["imagenet-1k", "acc1", 0.7554, 50_000],
      ["cifar-10", "acc1", 0.9559, 10_000],
      ["oxford-pets", "mean_per_class_recall", 0.9323, 3669],
    ])
    expect(read("openclip_retrieval_results.csv").map(brief)).toEqual([
      ["flickr30k", "image_retrieval_recall@1", 0.6496, 1000],
      ["flickr30k", "image_retrieval_recall@5", 0.8724, 1000],
      ["mscoco", "text_retrieval_recall@10", 0.87, 5000],
    ])
  })

  it("say what was left out, and keep languages apart", () => {
    const table = readResults(readFileSync(join(fixtures, "openclip_results.csv"), "utf8"), "o.csv")
    expect(table.leftOut).toEqual(["columns: Average perf. on 38 datasets, Pascal VOC 2007, Flickr, FMoW"])
    const rows = [
      "acc1,text_retrieval_recall@1,vendi,dataset,model,pretrained,task,language,model_fullname",
      "0.5,,1,wds/cifar10,m,p,zeroshot_classification,en,m p",
      "0.4,,1,wds/cifar10,m,p,zeroshot_classification,jp,m p",
      "0.4,,1,wds/cifar10,m,p,captioning,en,m p",
      "0.5,,1,cifar10,m,p,zeroshot_classification,en,m p",
    ]
    const newer = readResults(rows.join("\n"), "b.csv")
    expect(newer.scores.map(brief)).toEqual([
      ["cifar-10", "acc1", 0.5, 10_000],
      ["cifar-10 (jp)", "acc1", 0.4, 10_000],
    ])
    expect(newer.leftOut).toEqual(["rows of captioning", "what is no metric here: vendi"])
  })

  it("come back as they were written", () => {
    const scores = read("benchmark.csv")
    expect(decodeImported(encodeImported(scores))).toEqual(scores)
  })

  it.each([
    ["a.json", "{", /not JSON/],
    ["a.json", "{}", /no result of CLIP_benchmark/],
    ["a.json", '{"metrics": {"acc1": NaN}}', /NaN or infinite/],
    ["a.csv", "name,pretrained,ImageNet 1k\na,b,nan\n", /ImageNet 1k of a is "nan", which is no share/],
    ["a.csv", "name,pretrained,ImageNet 1k\na,b,75.5\n", /"75.5", which is no share/],
    ["a.csv", "name,pretrained,ImageNet 1k,ImageNet 1k\na,b,0.5,0.6\n", /two columns ImageNet 1k/],
    [
      "a.csv",
      "name,pretrained,ImageNet 1k\na,b,0.5\na,b,0.6\n",
      /two results of acc1 on imagenet-1k: 0.5 .* 0.6/,
    ],
    [
      "a.csv",
      "dataset,model,task,acc1\ncifar10,a,zeroshot_classification,NaN\n",
      /acc1 of a on cifar10 is "NaN"/,
    ],
    ["a.csv", "x,y\n1,2\n", /neither CLIP_benchmark's .* nor open_clip's/],
    ["a.csv", "name,pretrained,Unknown\na,b,0.5\n", /no score of a metric that is known/],
  ])("are refused with the reason: %s %s", (name, text, message) => {
    expect(() => readResults(text, name)).toThrow(ResultsError)
    expect(() => readResults(text, name)).toThrow(message)
  })
})
