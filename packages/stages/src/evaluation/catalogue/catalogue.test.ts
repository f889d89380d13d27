import { createHash } from "node:crypto"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { writeBenchmarkSamples } from "../../formats/index.ts"
import { failureOf } from "../../weights/fixtures/fetching.ts"
import { type HubEntry, startHub } from "../../weights/fixtures/hub-server.ts"
import { BENCHMARKS, type BenchmarkRequest, fetchBenchmark, findAtHand } from "./index.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "benchmarks-"))
})
afterAll(() => rm(folder, { recursive: true }))

const COMMIT = "b".repeat(40)

/** The files of a small webdataset with two shards. */
const webdatasetOf = async (changes: Readonly<Record<string, string | undefined>> = {}) => {
  const place = await mkdtemp(join(folder, "made-"))
  const samples = Array.from({ length: 3 }, (_, index) => ({
    key: `s${index}`,
    files: new Map([["cls", Buffer.from(String(index))]]),
  }))
  await writeBenchmarkSamples(place, samples, 2)
  const files: Record<string, HubEntry> = {}
  for (const name of await readdir(join(place, "test"))) {
    const bytes = await readFile(join(place, "test", name))
    files[`test/${name}`] = { bytes, storage: name.endsWith(".tar") ? "lfs" : "git" }
  }
  const texts = {
    "classnames.txt": "a\nb\nc\n",
    "zeroshot_classification_templates.txt": "a {c}\n",
    "train/0.tar": "not wanted",
    "README.md": "not wanted",
    ...changes,
  }
  for (const [name, text] of Object.entries(texts))
    if (text === undefined) delete files[name]
    else files[name] = { bytes: Buffer.from(text), storage: "git" }
  return files
}

const fetchInto = async (
  repositories: Readonly<Record<string, Readonly<Record<string, HubEntry>>>>,
  request: BenchmarkRequest,
  output?: string,
) => {
  await using hub = await startHub({
    repositories: Object.fromEntries(
      Object.entries(repositories).map(([name, files]) => [name, { refs: { main: COMMIT }, files }]),
    ),
  })
  const target = output ?? (await mkdtemp(join(folder, "output-")))
  const exit = await Effect.runPromiseExit(
    fetchBenchmark(
      request,
      {
        output: target,
        checkpoint: await mkdtemp(join(folder, "checkpoint-")),
        environment: { HF_ENDPOINT: hub.url, HF_HOME: await mkdtemp(join(folder, "hub-")) },
        timeout: 5000,
        retry: { times: 1, delay: 1, longest: 10 },
      },
      { progress: () => undefined, log: () => undefined },
    ),
  )
  return { exit, output: target }
}

describe("the catalogue", () => {
  it("has the 29 benchmarks and MMVP-VLM, each with all that is known of it", () => {
    const tasks = (task: string) => BENCHMARKS.filter((entry) => entry.task === task).length
    expect([tasks("classification"), tasks("multilabel"), tasks("retrieval"), tasks("pairs")]).toEqual([
      26, 1, 2, 1,
    ])
    expect(new Set(BENCHMARKS.map(({ name }) => name)).size).toBe(30)
    for (const { name, size, task, classes, templates, source, licence, licencePage } of BENCHMARKS) {
      expect(licencePage === undefined, name).toBe(licence === null)
      expect(licencePage ?? "https://", name).toMatch(/^https?:\/\//)
      expect(name).toMatch(/^[a-z0-9-]+$/)
      expect(size).toBeGreaterThan(0)
      expect(templates === null).toBe(task === "retrieval" || task === "pairs")
      expect(classes === null).toBe(task === "retrieval")
      expect(source.repository).toMatch(/^[\w-]+\/[\w-]+$/)
      expect(source.revision).toMatch(/^(main|[0-9a-f]{40})$/)
    }
    expect(new Set(BENCHMARKS.map(({ source }) => source.repository)).size).toBe(30)
  })

  it("tells each by a metric of its task, and has as many classes as its data can", () => {
    const metrics = {
      classification: ["acc1", "mean_per_class_recall"],
      multilabel: ["mean_average_precision"],
      retrieval: ["image_retrieval_recall@5"],
      pairs: ["average"],
    }
    for (const { name, task, metric, size, classes, templates } of BENCHMARKS) {
      expect(metrics[task], name).toContain(metric)
      expect(classes ?? 2, name).toBeGreaterThan(1)
      expect(classes ?? 0, name).toBeLessThan(size)
      expect(templates?.lines?.length ?? templates?.count, name).toBe(templates?.count)
    }
  })

  it("has those of ImageNet's classes and prompts alike, and MMVP's pairs by category", () => {
    const imagenets = BENCHMARKS.filter(({ name }) => /^imagenet|^objectnet/.test(name))
    expect(imagenets.map(({ templates }) => templates)).toEqual(
      imagenets.map(() => ({ set: "imagenet1k", count: 80 })),
    )
    expect(imagenets.map(({ classes }) => classes)).toEqual([1000, 1000, 200, 200, 1000, 113])
    const pairs = BENCHMARKS.find(({ name }) => name === "mmvp-vlm")
    expect(pairs?.size).toBe(2 * 15 * (pairs?.classes ?? 0))
  })
})

describe("fetching a benchmark", () => {
  it("takes the test split and the texts of its repository of data, and is found afterwards", async () => {
    const output = join(await mkdtemp(join(folder, "root-")), "mnist")
    const files = await webdatasetOf()
    const { exit } = await fetchInto(
      { "datasets/clip-benchmark/wds_mnist": files },
      { name: "mnist" },
      output,
    )
    expect(Exit.isSuccess(exit)).toBe(true)
    expect((await readdir(output, { recursive: true })).sort()).toEqual(
      [
        "classnames.txt",
        "manifest.json",
        "test",
        "test/0.tar",
        "test/1.tar",
        "test/nshards.txt",
        "zeroshot_classification_templates.txt",
      ].sort(),
    )
    const manifest = JSON.parse(await readFile(join(output, "manifest.json"), "utf8"))
    const bytes = files["test/1.tar"]?.bytes ?? Buffer.alloc(0)
    expect(manifest.files["test/1.tar"]).toMatchObject({
      sha256: createHash("sha256").update(bytes).digest("hex"),
      from: `hf://datasets/clip-benchmark/wds_mnist@${COMMIT}/test/1.tar`,
    })
    const mnist = BENCHMARKS.find(({ name }) => name === "mnist")
    const found = mnist && (await findAtHand(mnist, [join(folder, "none"), join(output, "..")]))
    expect(found).toEqual({ folder: output, missing: [] })
    await rm(join(output, "test", "1.tar"))
    expect(mnist && (await findAtHand(mnist, [join(output, "..")]))?.missing).toEqual(["test/1.tar"])
  })

  it("takes other repositories of data by their names", async () => {
    const { exit, output } = await fetchInto(
      { "datasets/me/mine": await webdatasetOf() },
      { name: "mine", repository: "me/mine" },
    )
    expect(Exit.isSuccess(exit)).toBe(true)
    expect(await readdir(output)).toContain("train")
  })

  it.each([
    ["a shard", { "test/1.tar": undefined }, "test/1.tar missing"],
    ["the classes", { "classnames.txt": undefined }, "classnames.txt missing"],
  ])("is refused where %s is missing", async (_, changes, message) => {
    const files = await webdatasetOf(changes)
    const failed = await fetchInto({ "datasets/clip-benchmark/wds_mnist": files }, { name: "mnist" })
    expect(failureOf(failed).message).toContain(`mnist is not whole there: ${message}`)
  })

  it("puts prompts beside data that comes without them", async () => {
    const { exit, output } = await fetchInto(
      {
        "datasets/isaacchung/birdsnap": {
          "data/test-00000-of-00001.parquet": { bytes: Buffer.from("test"), storage: "lfs" },
          "data/train-00000-of-00001.parquet": { bytes: Buffer.from("train"), storage: "lfs" },
        },
      },
      { name: "birdsnap", revision: "main" },
    )
    expect(Exit.isSuccess(exit)).toBe(true)
    expect((await readdir(output, { recursive: true })).sort()).toEqual([
      "data",
      "data/test-00000-of-00001.parquet",
      "manifest.json",
      "zeroshot_classification_templates.txt",
    ])
    expect(await readFile(join(output, "zeroshot_classification_templates.txt"), "utf8")).toBe(
      "a photo of a {c}, a type of bird.\n",
    )
  })

  it("says what it can't fetch", async () => {
    const fails = async (request: BenchmarkRequest) => failureOf(await fetchInto({}, request))
    expect(await fails({ name: "cifar-1" })).toMatchObject({ message: expect.stringContaining('"cifar-1"') })
    expect((await fails({ name: "mnist", repository: "me/mine" })).message).toContain("another benchmark")
    expect((await fails({ name: "mnist" })).message).toContain(
      "there is no repository datasets/clip-benchmark",
    )
  })
})
