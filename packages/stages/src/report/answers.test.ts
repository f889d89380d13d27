import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readAnswers } from "./answers.ts"
import { writeExample } from "./fixtures/example.ts"

let folder: string
let example: Awaited<ReturnType<typeof writeExample>>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "answers-"))
  example = await writeExample(folder)
})
afterAll(() => rm(folder, { recursive: true }))

describe("the answers of a classification", () => {
  it("are counted by class, and add up", async () => {
    const answers = await readAnswers(example.predictions, [])
    expect(answers).toMatchObject({ name: "ViT-L/14, digits", n: 600 })
    expect(answers?.classes).toHaveLength(10)
    const counts = answers?.confusion ?? []
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(600)
    const zero = counts.filter(({ label }) => label === 0)
    expect(zero.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
    // The example's zeros are taken for threes and nothing else.
    expect(zero.filter(({ count }) => count > 0).map(({ answer }) => answer)).toEqual([0, 3])
  })

  it("come with the worst, by how sure they were, and with their pictures where the benchmark is given", async () => {
    const answers = await readAnswers(example.predictions, [example.images])
    const worst = answers?.worst ?? []
    expect(worst).toHaveLength(12)
    expect(worst.every(({ label, answer }) => label !== answer)).toBe(true)
    expect(worst.map(({ excess }) => excess)).toEqual(
      worst.map(({ excess }) => excess).toSorted((a, b) => b - a),
    )
    expect(worst.every(({ picture }) => picture?.type === "image/png")).toBe(true)
    const without = await readAnswers(example.predictions, [])
    expect(without?.worst.every(({ picture }) => picture === undefined)).toBe(true)
  })

  it("are refused by name when they are something else", async () => {
    await writeFile(join(folder, "predictions.json"), "{}")
    await expect(readAnswers(folder, [])).rejects.toMatchObject({
      message: "this is no file of predictions",
      file: join(folder, "predictions.json"),
    })
  })
})
