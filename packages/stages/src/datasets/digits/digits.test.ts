import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readBenchmarkSamples, readSamples, type Sample, textOf } from "../../formats/index.ts"
import { decodeImage } from "../../images/index.ts"
import { type Digit, generateDigits, loadDigits, splitDigits } from "./index.ts"

const train = mkdtempSync(join(tmpdir(), "digits-"))
const benchmark = mkdtempSync(join(tmpdir(), "digits-"))
afterAll(() => {
  for (const folder of [train, benchmark]) rmSync(folder, { recursive: true })
})

const collect = async (samples: AsyncIterable<Sample>): Promise<ReadonlyArray<Sample>> => {
  const collected: Array<Sample> = []
  for await (const sample of samples) collected.push(sample)
  return collected
}

let digits: ReadonlyArray<Digit> = []
beforeAll(async () => {
  digits = await loadDigits()
  await generateDigits({ trainCount: 50, testCount: 20, seed: 1 }, { train, benchmark })
})

describe("MNIST", () => {
  it("has 10 000 digits of every sort, light on black", () => {
    expect(digits.length).toBe(10_000)
    expect(new Set(digits.map(({ label }) => label)).size).toBe(10)
    const mean =
      digits.reduce((sum, { pixels }) => sum + pixels.reduce((a, b) => a + b, 0), 0) / (10_000 * 784)
    expect(mean).toBeGreaterThan(25)
    expect(mean).toBeLessThan(45)
  })
})

describe("splitDigits", () => {
  it("puts no digit into both parts, and keeps the test part when training grows", () => {
    const small = splitDigits(digits, 4, 100, 500)
    const large = splitDigits(digits, 4, 9500, 500)
    expect(large.test).toEqual(small.test)
    expect(large.train.slice(0, 100)).toEqual(small.train)
    expect(new Set([...large.train, ...large.test]).size).toBe(10_000)
  })

  it("refuses to deal out more than there are", () => {
    expect(() => splitDigits(digits, 4, 9000, 1001)).toThrow(/10000 in all|9000 training/)
  })
})

describe("the files", () => {
  it("are shards of image, caption and label to train on", async () => {
    const samples = await collect(readSamples(train))
    expect(samples.length).toBe(50)
    for (const sample of samples) {
      expect([...sample.files.keys()]).toEqual(["png", "txt", "cls"])
      expect(textOf(sample, "txt")).toBe(`a photo of the number: "${textOf(sample, "cls")}".`)
    }
  })

  it("are a benchmark in CLIP_benchmark's layout", async () => {
    const text = (name: string) => readFileSync(join(benchmark, name), "utf8")
    expect(text("classnames.txt").trim().split("\n")).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
      "9",
    ])
    expect(text("zeroshot_classification_templates.txt")).toBe('a photo of the number: "{c}".\n')
    expect(text("test/nshards.txt").trim()).toBe("1")
    const samples = await collect(readBenchmarkSamples(benchmark))
    expect(samples.length).toBe(20)
    const { test } = splitDigits(digits, 1, 50, 20)
    expect(samples.map((sample) => Number(textOf(sample, "cls")))).toEqual(test.map(({ label }) => label))
    const image = await decodeImage(samples[0]?.files.get("png") ?? new Uint8Array())
    expect([...image.data].filter((_, at) => at % 3 === 1)).toEqual([...(test[0]?.pixels ?? [])])
  })
})
