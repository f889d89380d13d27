import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const DOCUMENT = `
version: 1
name: scores
params:
  places: { type: array, items: { type: integer }, default: [1, 5] }
  template: { type: string, default: "a photo of the digit {c}" }
stages:
  digits:
    uses: dataset/digits
    with: { test-count: 40, train-count: 10 }
  clip:
    uses: weights/fetch
    with: { name: micro-clip }
  images:
    uses: evaluate/image-features
    with:
      model: \${{ stages.clip.outputs.weights }}
      benchmark: \${{ stages.digits.outputs.benchmark }}
      views: [class, all-tokens]
  texts:
    uses: evaluate/text-features
    with:
      model: \${{ stages.clip.outputs.weights }}
      benchmark: \${{ stages.digits.outputs.benchmark }}
      templates: ["\${{ params.template }}"]
      template-set: mine
  scores:
    uses: evaluate/score
    matrix: { view: [class, all-tokens] }
    with:
      images: \${{ stages.images.outputs.features }}
      texts: \${{ stages.texts.outputs.features }}
      view: \${{ matrix.view }}
      top-k: \${{ params.places }}
      label: digits
outputs:
  texts: \${{ stages.texts.outputs.features }}
`

interface Summary {
  readonly tasks: ReadonlyArray<{ readonly id: string; readonly status: string }>
}

const ran = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { code, stdout, stderr } = await run(folder, ["run", "scores.yaml", "--json", ...args])
  expect(code, stderr).toBe(0)
  const { tasks }: Summary = JSON.parse(stdout)
  return tasks.filter(({ status }) => status !== "cached").map(({ id }) => id)
}

describe("an evaluation by stages", () => {
  test("computes each part once: another k scores anew, another template describes the classes anew", async () => {
    writeFileSync(join(folder, "scores.yaml"), DOCUMENT)
    expect(await ran()).toHaveLength(6)
    expect(await ran()).toEqual([])
    const scores = (await ran("--param", "places=[1,3]")).map((id) => id.replace(/\W.*/, ""))
    expect(scores).toEqual(["scores", "scores"])
    const texts = (await ran("--param", "template=the number {c}")).map((id) => id.replace(/\W.*/, ""))
    expect(texts).toEqual(["texts", "scores", "scores"])
    const results = join(folder, "results", "scores")
    expect(existsSync(results)).toBe(true)
    const { stdout } = await run(folder, ["cache", "path", "texts"])
    const file = JSON.parse(readFileSync(join(stdout.trim(), "texts.json"), "utf8"))
    expect(file).toMatchObject({ task: "classification", n: 10, "template-set": "mine" })
  })
})
