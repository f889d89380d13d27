import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import sharp from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { readAnswers } from "./answers.ts"
import { writeExample } from "./fixtures/example.ts"
import { thumbnail } from "./thumbnail.ts"

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

  it("find their pictures in any layout, and make large ones small", async () => {
    const answers = await readAnswers(example.predictions, [example.images])
    const worst = answers?.worst ?? []
    const folder = await mkdtemp(join(tmpdir(), "layouts-"))
    const pictures = worst.flatMap(({ picture }) => picture?.bytes ?? [])
    for (const [place, bytes] of pictures.entries()) {
      await mkdir(join(folder, "classes", "val", "a"), { recursive: true })
      await writeFile(join(folder, "classes", "val", "a", `${place}.png`), bytes)
    }
    await mkdir(join(folder, "table"))
    for (const [place, bytes] of pictures.entries())
      await writeFile(join(folder, "table", `${place}.png`), bytes)
    const rows = pictures.map((_, place) => `${place}.png,a`)
    await writeFile(join(folder, "table", "test.csv"), ["image,label", ...rows, ""].join("\n"))
    for (const layout of ["classes", "table"]) {
      const found = await readAnswers(example.predictions, [join(folder, layout)])
      expect(found?.worst).toEqual(worst)
    }
    await rm(folder, { recursive: true })
  })

  it("show what is large as a thumbnail, and what is no picture not at all", async () => {
    const large = await sharp(Buffer.from(RandomStream.named(1, "noise").integers(900 * 600 * 3, 256)), {
      raw: { width: 900, height: 600, channels: 3 },
    })
      .png()
      .toBuffer()
    const small = await thumbnail(large)
    expect(await sharp(small?.bytes).metadata()).toMatchObject({ format: "jpeg", width: 256, height: 171 })
    expect(small?.bytes.length).toBeLessThan(64 * 1024)
    expect(await thumbnail(Buffer.from("<svg onload='alert(1)'>"))).toBeUndefined()
    expect(await thumbnail(large.subarray(0, 100_000))).toBeUndefined()
  })

  it("are refused by name when they are something else", async () => {
    await writeFile(join(folder, "predictions.json"), "{}")
    await expect(readAnswers(folder, [])).rejects.toMatchObject({
      message: "this is no file of predictions",
      file: join(folder, "predictions.json"),
    })
  })
})
