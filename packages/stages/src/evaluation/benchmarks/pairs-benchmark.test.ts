import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { readPairsBenchmark } from "./pairs-benchmark.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pairs-"))
})
afterEach(() => rm(folder, { recursive: true }))

const benchmark = async (csv: string, images: ReadonlyArray<string>, imageFolder = "MLLM_VLM_Images") => {
  await writeFile(join(folder, "Questions.csv"), csv)
  await mkdir(join(folder, imageFolder))
  for (const image of images) {
    await mkdir(join(folder, imageFolder, image, ".."), { recursive: true })
    await writeFile(join(folder, imageFolder, image), "pixels")
  }
}

const HEADER = "Question ID,Type,Statement\n"

describe("reading a pairs benchmark", () => {
  it("takes MMVP's own file, with its mark, quotes, blank lines and short type names", async () => {
    const csv = `\ufeffQuestion ID,Type,Statement\r\n1,Orientation,"a dog, facing ""left"""\r\n2,Orientation,a dog facing right \r\n\r\n,,\r\n3,Something new,an "odd" quote\r\n4,Something new,x\r\n`
    await benchmark(csv, [
      "Orientation/1.jpg",
      "Orientation/2.jpg",
      "Something new/3.png",
      "Something new/4.jpg",
    ])
    const pairs = await readPairsBenchmark(folder)
    expect(pairs.map(({ category }) => category)).toEqual(["Orientation and Direction", "Something new"])
    expect(pairs[0]?.first.statement).toBe('a dog, facing "left"')
    expect(pairs[0]?.second.statement).toBe("a dog facing right")
    expect(pairs[1]?.first).toEqual({
      id: 3,
      statement: 'an "odd" quote',
      image: join(folder, "MLLM_VLM_Images", "Something new", "3.png"),
    })
  })

  it("takes the image folder's other name, and the first row's type for both images", async () => {
    await benchmark(`${HEADER}1,Text,a\n2,Other,b\n`, ["Text/1.jpg", "Text/2.jpg"], "MLLM_VLM Images")
    expect((await readPairsBenchmark(folder))[0]?.category).toBe("Texts")
  })

  it.each([
    ["no header", "1,Text,a\n2,Text,b\n", /header/, 1],
    ["a cell too few", `${HEADER}1,Text\n2,Text,b\n`, /not 2 cells/, 2],
    ["a wrong id", `${HEADER}one,Text,a\n2,Text,b\n`, /"one"/, 2],
    ["a type that leaves the folder", `${HEADER}1,..,a\n2,..,b\n`, /can't be a type/, 2],
    ["a type that is a path", `${HEADER}1,../x,a\n2,../x,b\n`, /can't be a type/, 2],
    ["an empty statement", `${HEADER}1,Text,a\n2,Text,\n`, /no statement/, 3],
    ["an odd row out", `${HEADER}1,Text,a\n2,Text,b\n3,Text,c\n`, /no partner/, 4],
    [
      "a question that comes again",
      `${HEADER}1,Text,a\n2,Text,b\n1,Text,c\n2,Text,d\n`,
      /twice: in line 2/,
      4,
    ],
    ["ids out of step", `${HEADER}2,Text,a\n3,Text,b\n`, /no pair/, 2],
  ])("fails at the row when there is %s", async (_, csv, message, line) => {
    await benchmark(csv, ["Text/1.jpg", "Text/2.jpg"])
    await expect(readPairsBenchmark(folder)).rejects.toMatchObject({
      _tag: "StageFailure",
      reason: "permanent",
      message: expect.stringMatching(message),
      file: `${join(folder, "Questions.csv")}:${line}`,
    })
  })

  it("names the missing image, and its row", async () => {
    await benchmark(`${HEADER}1,Text,a\n2,Text,b\n`, ["Text/1.jpg"])
    await expect(readPairsBenchmark(folder)).rejects.toMatchObject({
      message: "the image of question 2 (Questions.csv, line 3) is missing",
      file: join(folder, "MLLM_VLM_Images", "Text", "2.jpg"),
    })
  })

  it("says what is missing of the folder", async () => {
    await expect(readPairsBenchmark(folder)).rejects.toMatchObject({ message: /no Questions.csv/ })
    await writeFile(join(folder, "Questions.csv"), HEADER)
    await expect(readPairsBenchmark(folder)).rejects.toMatchObject({ message: /no folder MLLM_VLM_Images/ })
    await mkdir(join(folder, "MLLM_VLM_Images"))
    await expect(readPairsBenchmark(folder)).rejects.toMatchObject({ message: /no pairs/ })
  })
})
