import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { loadPipeline, makeRegistry } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import { documentedStages, fillTables } from "./stage-tables.ts"

const root = resolve(import.meta.dirname, "../../../..")
const read = (file: string): string => readFileSync(join(root, file), "utf8")
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
].filter((file) => file.endsWith(".md"))

/** A folder with the files that examples name. */
const folder = mkdtempSync(join(tmpdir(), "diva-docs-"))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, "images"))
for (const file of ["https-urls.csv", "my-urls.csv", "before.json", "after.json", "openclip_results.csv"])
  writeFileSync(join(folder, file), "")
mkdirSync(join(folder, "common"))
for (const file of ["micro-models.yaml", "micro-evaluation.yaml", "evaluation-cell.yaml"])
  writeFileSync(join(folder, "common", file), read(`pipelines/common/${file}`))

describe("the stages' page", () => {
  const page = read("docs/stages.md")

  test("has every stage, and no other", () => {
    expect([...documentedStages(page)].sort()).toEqual(stageDefinitions.map(({ name }) => name).sort())
  })

  test("has the tables that the definitions give (`npm run docs` renews them)", () => {
    expect(page).toBe(fillTables(page, stageDefinitions))
  })
})

/** YAML blocks of the pages; those of the language's reference and of the API's page have tests of their own. */
const examples = pages
  .filter((file) => file !== "docs/language.md" && file !== "docs/api.md")
  .flatMap((file) =>
    [...read(file).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""], index) => ({
      name: `${file}, block ${index + 1}`,
      text: text.startsWith("version:") ? text : `version: 1\n${text}`,
    })),
  )

describe("an example", () => {
  test.each(examples)("of $name is a right pipeline", async ({ text }) => {
    writeFileSync(join(folder, "example.yaml"), text)
    const needsImages = text.includes("images: { type: string")
    const load = loadPipeline("example.yaml", {
      registry: makeRegistry(stageDefinitions),
      workingFolder: folder,
      params: needsImages ? [{ name: "images", value: join(folder, "images"), origin: "--param" }] : [],
    })
    const pipeline = await Effect.runPromise(load.pipe(Effect.provide(NodeServices.layer)))
    expect(pipeline.tasks.length).toBeGreaterThan(0)
  })
})

describe("a page", () => {
  test.each(pages)("%s links to what is there", (file) => {
    const links = [...read(file).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(([, target = ""]) => target)
    const local = links.filter((target) => !/^https?:/.test(target))
    expect(local.filter((target) => !existsSync(join(root, dirname(file), target)))).toEqual([])
  })

  test("of the small models has their manifests' scores", () => {
    const page = read("docs/small-models.md")
    const scores = (model: string) => JSON.parse(read(`packages/stages/models/${model}/manifest.json`)).scores
    const percent = (value: number) => `| ${(100 * value).toFixed(1)} % |`
    const { "scene pairs": pairs, digits, "scene retrieval": retrieval } = scores("micro-clip")
    const shares = [
      pairs.metrics.average,
      ...Object.values<number>(pairs.categories),
      digits.metrics.acc1,
      retrieval.metrics["image_retrieval_recall@1"],
      retrieval.metrics["text_retrieval_recall@1"],
    ]
    for (const share of shares) expect(page).toContain(percent(share))
    const losses = Object.values<number>(scores("micro-sd")["noise prediction"].loss)
    for (const loss of losses) expect(page).toContain(`| ${loss.toFixed(4)} |`)
  })
})
