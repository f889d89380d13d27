import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { encodeMetrics, type Metrics, pairMetrics } from "../evaluation/metrics/index.ts"
import { buildReport, type ReportSources, writeReport } from "./index.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-"))
})
afterEach(() => rm(folder, { recursive: true }))

/** A pairs benchmark of two categories; each character says whether a pair is right. */
const pairs = (
  benchmark: string,
  outcomes: string,
  view: Metrics["view"] = "class",
  model?: string,
): Metrics =>
  pairMetrics(
    { benchmark, view, ...(model !== undefined && { model }) },
    [...outcomes].map((outcome, index) => ({
      pair: `${2 * index + 1}/${2 * index + 2}`,
      category: index < outcomes.length / 2 ? "Texts" : "Quantity and Count",
      draws: [{ first: outcome === "1" ? ([1, 0] as const) : ([0, 1] as const), second: [0, 1] as const }],
    })),
  )

let files = 0
const store = async (metrics: Metrics): Promise<string> => {
  const file = join(folder, `metrics-${files++}.json`)
  await writeFile(file, encodeMetrics(metrics))
  return file
}

const run = async (
  sides: { before: ReadonlyArray<Metrics>; after: ReadonlyArray<Metrics> },
  extra: Partial<ReportSources> = {},
) => {
  const out = await mkdtemp(join(folder, "out-"))
  const sources = {
    title: "Test",
    before: await Promise.all(sides.before.map(store)),
    after: await Promise.all(sides.after.map(store)),
    details: {},
    ...extra,
  }
  await Effect.runPromise(Effect.flatMap(buildReport(sources), (report) => writeReport(out, report)))
  const read = (name: string) => readFile(join(out, name), "utf8")
  return {
    page: await read("index.html"),
    text: await read("summary.md"),
    summary: JSON.parse(await read("summary.json")),
    rows: (await read("results.jsonl"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
    csv: await read("results.csv"),
    tex: await read("results.tex"),
    categories: await read("categories.tex").catch(() => ""),
    figures: (await readdir(join(out, "figures"))).sort(),
  }
}

const mostly = "1100".repeat(20)
const better = "1110".repeat(20)

describe("the report", () => {
  it("compares each category of pairs, and corrects for their number", async () => {
    const [texts, counts] = ["1100".repeat(10), "1000".repeat(10)]
    const { page, text, summary, rows, csv, categories } = await run({
      before: [pairs("scenes", texts + counts)],
      after: [pairs("scenes", "1110".repeat(10) + counts)],
    })
    const [metric] = summary.benchmarks[0].metrics
    const [first, second] = summary.benchmarks[0].parts
    // Six digits of 2/2¹⁰, and twice it.
    const [p, twice] = [0.00195312, 0.00390625]
    expect(first).toMatchObject({ name: "Texts", n: 40, difference: { value: 0.25, p, p_holm: twice } })
    expect(first.difference).toMatchObject({
      test: "mcnemar",
      verdict: "better",
      changes: { gained: 10, lost: 0 },
    })
    expect(second.difference).toMatchObject({ value: 0, p: 1, verdict: "unchanged" })
    expect(metric.difference).toMatchObject({ value: 0.125, p_holm: p })
    const told = `+25.0 (+10.1 … +40.0)`
    expect(text).toContain(`| ${told} | p = 0.004, McNemar | better |`)
    expect(categories).toContain("+25.0 (+10.1\\,\\ldots\\,+40.0) & 0.004 & McNemar & better & not shown")
    expect(page.replaceAll(/<[^>]*>/g, " ")).toMatch(/Texts\s+n = 40, 1 seed\s+50\.0/)
    expect(page).toContain("10 gained, 0 lost")
    expect(page).not.toContain("are not drawn")
    expect(rows.filter(({ category }) => category === "Texts")).toMatchObject([
      { side: "before", metric: "pairs_right", value: 0.5, n: 40, chance: 0.25, difference: null },
      { side: "after", value: 0.75, difference: 0.25, p_holm: twice, verdict: "better", gained: 10 },
    ])
    expect(csv).toContain(",pairs_right,Texts,after,0.75,")
  })

  it("compares categories over seeds, and such of other pairs by their intervals", async () => {
    const after = [better, `1111${better.slice(4)}`].map((outcomes) => pairs("scenes", outcomes))
    const several = await run({ before: [pairs("scenes", mostly)], after })
    const [texts] = several.summary.benchmarks[0].parts
    expect(texts.difference).toMatchObject({ test: "paired-bootstrap" })
    expect(texts.difference.changes).toBeUndefined()
    expect(texts.after.seeds).toBe(2)
    expect(several.text).toContain("| Texts | n = 40, 2 seeds after, 1 before |")
    const other = await run({ before: [pairs("scenes", mostly)], after: [pairs("scenes", `${better}11`)] })
    expect(other.summary.benchmarks[0].parts[0].difference.test).toBe("unpaired")
    expect(other.text).toContain("| Texts | n = 41, 1 seed after; n = 40, 1 seed before |")
  })

  it("says in words what changed beyond noise", async () => {
    const { summary, text, page } = await run({
      before: [pairs("scenes", mostly), pairs("real", mostly)],
      after: [pairs("scenes", better), pairs("real", `${mostly.slice(0, -4)}1000`)],
    })
    expect(summary.headline).toBe(
      "Beyond noise, scenes (pairs right, n = 80, 1 seed) rose from 50.0\u202f% (39.5 … 60.5\u202f%) to 75.0\u202f% (65.7 … 84.3\u202f%), by +25.0 (+14.8 … +35.0) points. On real, the difference stayed within noise.",
    )
    expect(text).toContain("Within noise: real.")
    expect(page).toContain("▲ better")
    const [metric] = summary.benchmarks[0].metrics
    expect(metric.difference).toMatchObject({ value: 0.25, test: "mcnemar", verdict: "better" })
    expect(metric.difference.changes).toMatchObject({ gained: 20, lost: 0 })
    expect(metric.difference.interval.low).toBeGreaterThan(0)
  })

  it("calls few changed items luck, even when all of them were gained", async () => {
    const { summary } = await run({
      before: [pairs("scenes", mostly)],
      after: [pairs("scenes", `${"1110".repeat(4)}${mostly.slice(16)}`)],
    })
    const [metric] = summary.benchmarks[0].metrics
    expect(metric.difference).toMatchObject({ p: 0.125, changes: { gained: 4, lost: 0 } })
    expect(metric.difference.verdict).toBe("within-noise")
  })

  it("gives the same Markdown for a small example, to the letter", async () => {
    const { text } = await run(
      { before: [pairs("scene pairs", "1010")], after: [pairs("scene pairs", "1110")] },
      { details: { steps: 60, batch: 16 } },
    )
    expect(text.replaceAll("\u202f", " ")).toBe(`# Test

No score changed by more than noise. After minus before, in points: scene pairs +25.0 (−25.5 … +58.8), n = 4, 1 seed.

| Benchmark | Metric | Basis | Chance | Before | After | Difference (points) | p (Holm), test | Verdict | Within ±1 point |
|---|---|---|---|---|---|---|---|---|---|
| scene pairs | pairs right | n = 4, 1 seed | 25.0 % | 50.0 % (21.3 … 78.7 %) | 75.0 % (47.2 … 100.0 %) | +25.0 (−25.5 … +58.8) | p = 1.000, McNemar | within noise | not shown |

## scene pairs by category

| Category | Pairs | Before | After | Difference (points) | p (Holm), test | Verdict |
|---|---|---|---|---|---|---|
| Texts | n = 2, 1 seed | 50.0 % (9.5 … 90.5 %) | 100.0 % (34.2 … 100.0 %) | +50.0 (−39.8 … +100.0) | p = 1.000, McNemar | within noise |
| Quantity and Count | n = 2, 1 seed | 50.0 % (9.5 … 90.5 %) | 50.0 % (9.5 … 90.5 %) | 0.0 (−49.0 … +49.0) | p = 1.000, McNemar | unchanged |

## How it ran

|  |  |
|---|---|
| batch | 16 |
| steps | 60 |

## How far to trust this

- Within noise: scene pairs. The 95 % interval of the difference contains zero, or its test, corrected for the number of comparisons, gives 0.05 or more: a change of this size would often come about by luck alone. That is no proof that nothing changed.
- One seed on each side: the intervals say how much the choice of test items matters, not how much another seed would differ.
- 2 categories are compared, of 2 pairs each, and corrected together, apart from the main metrics: so few pairs show large changes only.
- Preserved within ±1 point means: two one-sided tests at 5 % exclude a change beyond that on either side (the 90 % interval lies within it), for each score by itself, not corrected for their number. "Not shown" is no loss: it says that a change beyond the margin isn't excluded.
`)
  })

  it("is the same bytes for the same input, whatever the order of the details", async () => {
    const sides = { before: [pairs("scenes", mostly)], after: [pairs("scenes", better)] }
    const there = await run(sides, { details: { a: 1, b: "x" } })
    expect(await run(sides, { details: { b: "x", a: 1 } })).toEqual(there)
    expect(there.page).not.toContain(folder)
  })

  it("calls nothing a change when not one answer changed", async () => {
    const { summary } = await run({ before: [pairs("scenes", mostly)], after: [pairs("scenes", mostly)] })
    expect(summary.headline).toMatch(/^Nothing changed: every answer is the same/)
    expect(summary.benchmarks[0].metrics[0].difference.verdict).toBe("unchanged")
  })

  it("takes several files of a label as runs, and asks them to agree", async () => {
    const before = [pairs("scenes", mostly)]
    const agree = await run({
      before,
      after: [better, better.replace("1110", "1100"), better.replace("1110", "1111")].map((outcomes) =>
        pairs("scenes", outcomes),
      ),
    })
    const [metric] = agree.summary.benchmarks[0].metrics
    expect(metric.after.runs).toHaveLength(3)
    expect(metric.after.seeds).toBe(3)
    expect(metric.difference).toMatchObject({ verdict: "better", test: "paired-bootstrap" })
    expect(agree.text).toContain("Up to 3 seeds")
    const differ = await run({
      before,
      after: [better, "1000".repeat(20), better].map((outcomes) => pairs("scenes", outcomes)),
    })
    expect(differ.summary.benchmarks[0].metrics[0].difference.verdict).toBe("within-noise")
  })

  it("keeps views apart and names what has no counterpart", async () => {
    const { summary, text } = await run({
      before: [pairs("scenes", mostly), pairs("scenes", mostly, "all-tokens")],
      after: [pairs("scenes", better)],
    })
    expect(summary.benchmarks).toHaveLength(2)
    expect(text).toContain("scenes (all-tokens view) has no score from after to compare with")
  })

  it("compares different items by their intervals only, and says so", async () => {
    const { summary, text } = await run({
      before: [pairs("scenes", mostly)],
      after: [pairs("scenes", `${better}11`)],
    })
    expect(summary.benchmarks[0].metrics[0].difference.test).toBe("unpaired")
    expect(text).toContain("different items")
  })

  it("shows scores alone when there is nothing before", async () => {
    const { summary, page } = await run({ before: [], after: [pairs("scenes", mostly)] })
    expect(summary.headline).toBe(
      "Scores, with nothing to compare them to: scenes (pairs right, n = 80, 1 seed) 50.0\u202f% (39.5 … 60.5\u202f%).",
    )
    expect(page).not.toContain("What changed")
  })

  it("counts benchmarks when there are too many to list", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `benchmark ${index}`)
    const { summary } = await run({
      before: names.map((name) => pairs(name, mostly)),
      after: names.map((name, index) => pairs(name, index < 2 ? better : mostly)),
    })
    expect(summary.headline).toMatch(/^Of 8 scores, 2 got better and 0 worse by more than noise/)
  })

  it("lets no label, detail or title become markup, and needs nothing from elsewhere", async () => {
    const hostile = `<img src=x onerror="alert(1)"> & </title></style>'"\u202eabc\u0000 | *b* [c](http://evil.test)`
    const { page, text } = await run(
      { before: [pairs(hostile, mostly)], after: [pairs(hostile, better)] },
      { title: hostile, details: { [hostile]: hostile } },
    )
    expect(page).not.toMatch(/<img|<script|\u202e/)
    expect(page).not.toContain("\u0000")
    expect(page.match(/<\/style>/g)).toHaveLength(1)
    expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;")
    const own = page.replaceAll("http://evil.test", "").replaceAll(/xmlns(:xlink)?="[^"]*"/g, "")
    expect(own).not.toMatch(/https?:|url\(|@import/)
    expect(text).not.toMatch(/<img|[^\\]\[c/)
    expect(text).toContain("\\| \\*b\\* \\[c\\]")
  })

  it("draws the loss and tells assistive technology what the pictures show", async () => {
    const log = join(folder, "log.jsonl")
    const lines = Array.from({ length: 2000 }, (_, index) => ({ step: index + 1, loss: 1 / (index + 10) }))
    await writeFile(log, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`)
    const { page, summary, figures } = await run(
      { before: [pairs("scenes", mostly)], after: [pairs("scenes", better)] },
      { training: log },
    )
    expect(summary.training).toMatchObject({ steps: 2000 })
    expect(summary.training.first_loss).toBeGreaterThan(summary.training.last_loss)
    expect(figures).toContain("loss.svg")
    const charts = page.match(/<svg/g)?.length
    expect(
      page.match(/<svg[^>]*role="img"[^>]*aria-labelledby[^>]*><title[^>]*>[^<]+<\/title><desc/g),
    ).toHaveLength(charts ?? 0)
    expect(page.length).toBeLessThan(160_000)
  })

  it("shows pairs whose answer changed, from the benchmark", async () => {
    const image = Buffer.from("\xff\xd8\xffpixels", "latin1")
    const rows = ["Question ID,Type,Statement"]
    for (const [index, type] of ["Texts", "Texts", "Quantity and Count", "Quantity and Count"].entries()) {
      await mkdir(join(folder, "MLLM_VLM_Images", type), { recursive: true })
      for (const id of [2 * index + 1, 2 * index + 2]) {
        await writeFile(join(folder, "MLLM_VLM_Images", type, `${id}.jpg`), image)
        rows.push(`${id},${type},"a <b>sign</b>, number ${id}"`)
      }
    }
    await writeFile(join(folder, "Questions.csv"), rows.join("\n"))
    const { page } = await run(
      { before: [pairs("scenes", "1010")], after: [pairs("scenes", "1101")] },
      { pairs: folder },
    )
    expect(page).toContain(`data:image/jpeg;base64,${image.toString("base64")}`)
    expect(page).toContain("a &lt;b&gt;sign&lt;/b&gt;, number 3")
    expect(page.match(/<img/g)).toHaveLength(6)
    expect(page).toContain("Right only before")
    const models = await run(
      {
        before: [pairs("scenes", "1010", "class", "clip")],
        after: [pairs("scenes", "1110", "class", "one"), pairs("scenes", "1010", "class", "other")],
      },
      { pairs: folder },
    )
    expect(models.page).toContain("Pairs whose answer changed: one, scenes")
    expect(models.page).not.toContain("Pairs whose answer changed: other, scenes")
    expect(models.page.match(/<img/g)).toHaveLength(2)
  })

  it("compares each model with the one of its own label", async () => {
    const { summary } = await run({
      before: [pairs("scenes", mostly, "class", "small"), pairs("scenes", better, "class", "large")],
      after: [pairs("scenes", better, "class", "large"), pairs("scenes", better, "class", "small")],
    })
    const verdicts = Object.fromEntries(
      summary.benchmarks.map(
        ({ model, metrics }: { model: string; metrics: [{ difference: { verdict: string } }] }) => [
          model,
          metrics[0].difference.verdict,
        ],
      ),
    )
    expect(verdicts).toEqual({ large: "unchanged", small: "better" })
  })

  it("takes a single model before as what all after come from", async () => {
    const { summary } = await run({
      before: [pairs("scenes", mostly, "class", "clip")],
      after: [pairs("scenes", better, "class", "one"), pairs("scenes", mostly, "class", "other")],
    })
    expect(summary.benchmarks).toHaveLength(2)
    expect(summary.benchmarks[0].metrics[0].difference.value).toBe(0.25)
    expect(summary.benchmarks[1].metrics[0].difference.value).toBe(0)
  })

  it("corrects for the number of comparisons: what is beyond noise alone may not be among many", async () => {
    // Six gained and none lost: p = 0.031.
    const some = `${"1110".repeat(6)}${mostly.slice(24)}`
    const alone = await run({ before: [pairs("scenes", mostly)], after: [pairs("scenes", some)] })
    expect(alone.summary.benchmarks[0].metrics[0].difference.verdict).toBe("better")
    const names = ["scenes", "a", "b"]
    const among = await run({
      before: names.map((name) => pairs(name, mostly)),
      after: names.map((name) => pairs(name, name === "scenes" ? some : mostly)),
    })
    const { difference } = among.summary.benchmarks[0].metrics[0]
    expect(difference).toMatchObject({ verdict: "within-noise", p: 0.03125, p_holm: 0.09375, p_fdr: 0.09375 })
    expect(among.text).toContain("3 main metrics are compared")
  })

  it("calls preserved what enough items show to be, and nothing else", async () => {
    const many = (count: number) => "1100".repeat(count)
    const of = async (count: number, margin: number) => {
      const sides = { before: [pairs("scenes", many(count))], after: [pairs("scenes", many(count))] }
      const { summary } = await run(sides, { margin })
      return summary.benchmarks[0].metrics[0].difference.equivalence
    }
    expect(await of(20, 1)).toMatchObject({ preserved: false, margin: 0.01 })
    expect(await of(20, 5)).toMatchObject({ preserved: true, margin: 0.05 })
  })

  it("tells no metric that comes without an interval", async () => {
    const metrics = { ...pairs("scenes", mostly), intervals: {} }
    const { summary, text, page } = await run({ before: [], after: [metrics, pairs("others", mostly)] })
    expect(summary.benchmarks[0].metrics).toEqual([])
    expect(text).toContain("scenes: pairs right came without an interval and is not shown")
    expect(page).not.toContain("<bdi>scenes</bdi><span")
  })

  it("gives the same results as lines, as a table and for papers", async () => {
    const { rows, csv, tex } = await run({
      before: [pairs("=scenes, 50 %", mostly)],
      after: [pairs("=scenes, 50 %", better)],
    })
    expect(rows.filter(({ category }) => category === null)).toHaveLength(2)
    expect(rows[0]).toMatchObject({
      side: "before",
      value: 0.5,
      n: 80,
      seeds: 1,
      chance: 0.25,
      difference: null,
    })
    expect(rows[1]).toMatchObject({
      side: "after",
      value: 0.75,
      difference: 0.25,
      verdict: "better",
      gained: 20,
    })
    const [head = "", first = ""] = csv.split("\r\n")
    expect(head.split(",")).toEqual(Object.keys(rows[0]))
    expect(first).toMatch(/^measured,,"'=scenes, 50 %",mmvp,class,,average,,before,0.5,/)
    expect(tex).toContain("\\begin{tabular}{llrrrrrrrlll}")
    expect(tex).toContain("=scenes, 50 \\% & pairs right & 80 & 1 & 25.0 & 50.0 (39.5--60.5) &")
  })

  it("sets imported scores beside its own, without an interval", async () => {
    const imported = join(folder, "imported.json")
    const score = {
      model: "ViT-X",
      benchmark: "scenes",
      kind: "zero-shot",
      metric: "acc1",
      value: 0.61,
      source: "t.csv",
    }
    await writeFile(imported, JSON.stringify({ format: 1, scores: [{ ...score, n: 100 }] }))
    const { page, text, tex, rows } = await run(
      { before: [], after: [pairs("scenes", mostly)] },
      { imported: [imported] },
    )
    for (const told of [page, text]) expect(told).toContain("61.0\u202f% (no interval, n = 100)")
    expect(tex).toContain("scenes (imported) & acc1 & 100 & -- & -- & 61.0 (no interval) \\\\")
    expect(rows.at(-1)).toMatchObject({ source: "imported", model: "ViT-X", low: null, seeds: null, n: 100 })
  })

  it("leaves very many imported scores to the files, and says so", async () => {
    const file = join(folder, "many.json")
    const scores = Array.from({ length: 301 }, (_, index) => ({
      model: `m${index}`,
      benchmark: "scenes",
      kind: "zero-shot",
      metric: "acc1",
      value: 0.5,
      source: "t.csv",
    }))
    await writeFile(file, JSON.stringify({ format: 1, scores }))
    const { page, text, tex, rows } = await run(
      { before: [], after: [pairs("scenes", mostly)] },
      { imported: [file] },
    )
    expect(rows.filter(({ category }) => category === null)).toHaveLength(302)
    for (const told of [page, text, tex]) expect(told).not.toContain("m300")
    expect(text).toContain("301 imported scores are too many to be shown")
  })

  it("tells metrics beside the usual ones, and the spread of a view that is drawn", async () => {
    const metrics: Metrics = {
      ...pairs("scenes", mostly),
      kind: "zero-shot",
      metrics: { acc1: 0.5, acc3: 0.7 },
      intervals: { acc1: { low: 0.4, high: 0.6 }, acc3: { low: 0.6, high: 0.8 } },
      draws: 2,
      spread: { acc1: 0.012, acc3: 0.02 },
      items: { digest: "d", outcomes: {} },
    }
    const { page, rows } = await run({ before: [], after: [metrics] })
    expect(rows.map(({ metric, draws, spread }) => [metric, draws, spread])).toEqual([
      ["acc1", 2, 0.012],
      ["acc3", 2, 0.02],
    ])
    expect(page).toContain("top-3 accuracy")
    expect(page).toContain("n = 80, 1 seed, 2 draws with a spread of 1.2")
  })

  it("links every number to where it comes from", async () => {
    const before = await store(pairs("scenes", mostly))
    const after = await store(pairs("scenes", better))
    const origin = {
      artefact: "a".repeat(64),
      task: "score[model=it's]",
      output: "metrics",
      key: "b".repeat(64),
      stage: "evaluate/mmvp",
      version: 2,
      environment: { "tensor-backend": "native-1" },
      inputs: { view: '"class"', model: "clip.weights" },
    }
    const out = await mkdtemp(join(folder, "out-"))
    const sources = { title: "t", before: [before], after: [after], details: {} }
    const built = buildReport(sources, { "before[0]": { ...origin, task: "before" }, "after[0]": origin })
    await Effect.runPromise(Effect.flatMap(built, (report) => writeReport(out, report)))
    const page = await readFile(join(out, "index.html"), "utf8")
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(links)).toEqual(new Set(["cell-1"]))
    expect(links.length).toBeGreaterThanOrEqual(3)
    const [, entry = ""] = page.split('<article id="cell-1"')
    for (const part of [
      "a".repeat(64),
      "b".repeat(64),
      "evaluate/mmvp version 2, tensor-backend native-1",
      "clip.weights",
    ])
      expect(entry).toContain(part)
    expect(entry).toContain("diva-pipeline runs show --task &#39;score[model=it&#39;\\&#39;&#39;s]&#39;")
  })

  it.each([
    ["no file", "missing.json", undefined, /ENOENT/],
    ["another file", "other.json", "{}", /no metrics file/],
  ])("fails clearly when a metrics file is %s", async (_, name, text, message) => {
    const file = join(folder, name)
    if (text !== undefined) await writeFile(file, text)
    const failure = await Effect.runPromise(
      Effect.flip(buildReport({ title: "t", before: [file], after: [], details: {} })),
    )
    expect(failure).toBeInstanceOf(StageFailure)
    expect(failure.message).toMatch(message)
    expect(failure.file).toBe(file)
  })
})
