import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, root, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

/** A sweep over models, benchmarks and prompts, without training: models are copies of one, one of them by another name. */
const SWEEP = `version: 1
name: sweep
params:
  models: { type: array, default: [{ name: a }] }
  digits: { type: array, default: [{ name: one, seed: 1 }] }
  prompts: { type: array, default: [{ name: plain, templates: ["{c}"] }] }
stages:
  clip: { uses: weights/fetch, with: { name: micro-clip } }
  model:
    uses: exec
    matrix: { model: "\${{ params.models }}" }
    with:
      command: cp -r "$INPUT_CLIP"/. "$OUTPUT"; echo \${{ matrix.model.name }} > "$OUTPUT/name"
      inputs: { clip: "\${{ stages.clip.outputs.weights }}" }
  digits:
    uses: dataset/digits
    matrix: { benchmark: "\${{ params.digits }}" }
    with: { train-count: 0, test-count: 30, seed: "\${{ matrix.benchmark.seed }}" }
  images:
    uses: evaluate/image-features
    matrix: { model: "\${{ params.models }}", benchmark: "\${{ params.digits }}" }
    with: { model: "\${{ stages.model.outputs.output }}", benchmark: "\${{ stages.digits.outputs.benchmark }}" }
  texts:
    uses: evaluate/text-features
    matrix: { model: "\${{ params.models }}", benchmark: "\${{ params.digits }}", prompts: "\${{ params.prompts }}" }
    with:
      model: \${{ stages.model.outputs.output }}
      benchmark: \${{ stages.digits.outputs.benchmark }}
      templates: \${{ matrix.prompts.templates }}
      template-set: \${{ matrix.prompts.name }}
  score:
    uses: evaluate/score
    matrix: { model: "\${{ params.models }}", benchmark: "\${{ params.digits }}", prompts: "\${{ params.prompts }}" }
    with:
      images: \${{ stages.images.outputs.features }}
      texts: \${{ stages.texts.outputs.features }}
      label: \${{ matrix.benchmark.name }}
      model-label: \${{ matrix.model.name }}
  report:
    uses: report/summary
    with:
      after: ["\${{ stages.score.*.outputs.metrics }}"]
      predictions: ["\${{ stages.score.*.outputs.predictions }}"]
      images: ["\${{ stages.digits.*.outputs.benchmark }}"]
outputs:
  report: \${{ stages.report.outputs.report }}
`

interface Summary {
  readonly run: string
  readonly tasks: ReadonlyArray<{ readonly id: string; readonly status: string }>
}

/** Runs the sweep, and says how many tasks of each stage were computed. */
const computed = async (params: Readonly<Record<string, unknown>>) => {
  writeFileSync(join(folder, "params.json"), JSON.stringify(params))
  const ended = await run(folder, ["run", "sweep.yaml", "--params", "params.json", "--json"])
  expect(ended.code, ended.stderr).toBe(0)
  const summary: Summary = JSON.parse(ended.stdout)
  const counts: Record<string, number> = {}
  for (const { id, status } of summary.tasks) {
    const stage = id.replace(/\[.*/, "")
    if (status !== "cached") counts[stage] = (counts[stage] ?? 0) + 1
  }
  return { run: summary.run, counts }
}

const one = { models: [{ name: "a" }], digits: [{ name: "one", seed: 1 }] }
const secondModel = { ...one, models: [{ name: "a" }, { name: "b" }] }
const secondBenchmark = { ...secondModel, digits: [...one.digits, { name: "two", seed: 2 }] }
const plain = { name: "plain", templates: ["{c}"] }
const secondPrompts = {
  ...secondBenchmark,
  prompts: [plain, { name: "photo", templates: ["a photo of {c}"] }],
}

describe("a sweep", () => {
  let [first, last] = ["", ""]
  beforeAll(() => writeFileSync(join(folder, "sweep.yaml"), SWEEP))

  test("computes its cells once", async () => {
    const { run: name, counts } = await computed(one)
    first = name
    expect(counts).toEqual({ clip: 1, model: 1, digits: 1, images: 1, texts: 1, score: 1, report: 1 })
    expect((await computed(one)).counts).toEqual({})
  })

  test("computes for a model more that model's cells only", async () => {
    const { counts } = await computed(secondModel)
    expect(counts).toEqual({ model: 1, images: 1, texts: 1, score: 1, report: 1 })
  })

  test("computes for a benchmark more that benchmark's cells only", async () => {
    const { counts } = await computed(secondBenchmark)
    expect(counts).toEqual({ digits: 1, images: 2, texts: 2, score: 2, report: 1 })
  })

  test("computes for a set of prompts more no image feature", async () => {
    const { run: name, counts } = await computed(secondPrompts)
    last = name
    expect(counts).toEqual({ texts: 4, score: 4, report: 1 })
  })

  test("has every cell in its report, with its provenance", () => {
    const report = join(folder, "results", "sweep", "report")
    const lines = readFileSync(join(report, "results.jsonl"), "utf8").trim().split("\n")
    const rows = lines.map((line) => JSON.parse(line)).filter(({ metric }) => metric === "acc1")
    expect(rows.map(({ model, benchmark, prompts }) => `${model} ${benchmark} ${prompts}`).sort()).toEqual(
      ["a", "b"].flatMap((model) =>
        ["one", "two"].flatMap((benchmark) =>
          ["photo", "plain"].map((set) => `${model} ${benchmark} ${set}`),
        ),
      ),
    )
    expect(
      rows.every(
        ({ n, seeds, low, high, artefacts }) =>
          n === 30 && seeds === 1 && low < high && /^\w{64}$/.test(artefacts),
      ),
    ).toBe(true)
    const page = readFileSync(join(report, "index.html"), "utf8")
    expect(page).toContain(
      "diva-pipeline runs show --task &#39;score[model=a,benchmark=one,prompts=plain]&#39;",
    )
    expect(page).toContain("Mistakes of a, one")
  })

  test("is compared with another run of it, answer by answer, and with a folder", async () => {
    const same = await run(folder, ["report", "diff", first, last, "--json"])
    expect(same.code, same.stderr).toBe(0)
    const { benchmarks } = JSON.parse(same.stdout)
    const compared = benchmarks.flatMap(
      ({
        metrics,
      }: {
        metrics: ReadonlyArray<{ metric: string; difference?: { test: string; verdict: string } }>
      }) =>
        metrics.flatMap(({ metric, difference }) =>
          metric === "acc1" && difference !== undefined ? [difference] : [],
        ),
    )
    expect(compared.length).toBeGreaterThan(0)
    expect(compared[0]).toMatchObject({ test: "mcnemar", verdict: "unchanged" })
    const kept = join(folder, "kept")
    mkdirSync(kept)
    copyFileSync(join(folder, "results/sweep/report/records/after-0001.json"), join(kept, "metrics.json"))
    const text = await run(folder, ["report", "diff", "kept", "results/sweep", "--output", "compared"])
    expect(text.code, text.stderr).toBe(0)
    expect(text.stdout).toMatch(/^benchmark +metric +basis/m)
    expect(text.stdout).toMatch(/n = 30, 1 seed/)
    expect(readFileSync(join(folder, "compared", "index.html"), "utf8")).toMatch(/^<!doctype html>/i)
    const artefact = await run(folder, ["report", "diff", "kept", "report"])
    expect(artefact.code, artefact.stderr).toBe(0)
  })

  test("exits with 1 where it is asked to and a score is worse beyond noise", async () => {
    const file = join(folder, "kept", "metrics.json")
    const metrics = JSON.parse(readFileSync(file, "utf8"))
    metrics.metrics.acc1 = 0
    metrics.intervals.acc1 = { low: 0, high: 0.12 }
    metrics.items.outcomes.acc1 = ["0".repeat(30)]
    writeFileSync(join(folder, "worse.json"), JSON.stringify(metrics))
    const told = await run(folder, ["report", "diff", "kept", "worse.json"])
    expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Beyond noise, one .* fell from/) })
    const failed = await run(folder, ["report", "diff", "kept", "worse.json", "--fail-if-worse"])
    expect(failed).toMatchObject({ code: 1, stdout: told.stdout })
    expect(failed.stderr).toContain("worse beyond noise: one")
    const better = await run(folder, ["report", "diff", "worse.json", "kept", "--fail-if-worse"])
    expect(better.code).toBe(0)
  })

  test("says what is no result", async () => {
    const unknown = await run(folder, ["report", "diff", "nowhere", "kept"])
    expect(unknown).toMatchObject({ code: 2, stdout: "" })
    expect(unknown.stderr).toContain('"nowhere" is neither a path, nor one run, nor an artefact')
    mkdirSync(join(folder, "empty"))
    const empty = await run(folder, ["report", "diff", "empty", "kept"])
    expect(empty.code).toBe(2)
    expect(empty.stderr).toContain("there are no metrics in empty")
  })

  test("is a right pipeline as it comes with the project", async () => {
    for (const [name, tasks] of [
      ["evaluate", 13],
      ["sweep-example", 51],
    ] as const) {
      const { stdout, code } = await run(folder, ["validate", join(root, "pipelines", `${name}.yaml`)])
      expect(code).toBe(0)
      expect(stdout).toContain(`fine, ${tasks} tasks`)
    }
  })
})
