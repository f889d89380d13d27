import { createHash } from "node:crypto"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "csv-parse/sync"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readBenchmarkSamples, textOf } from "../../formats/index.ts"
import { decodeImage } from "../../images/index.ts"
import { CATEGORIES, generateScenes, type SceneDataFolders } from "./index.ts"

const root = mkdtempSync(join(tmpdir(), "scenes-"))
afterAll(() => rmSync(root, { recursive: true }))

const options = { count: 60, size: 64, seed: 7, fineCaptions: 0.3, pairsPerCategory: 2, retrievalCount: 12 }

const generate = async (name: string): Promise<SceneDataFolders> => {
  const folder = (part: string) => join(root, name, part)
  const folders = { images: folder("images"), pairs: folder("pairs"), retrieval: folder("retrieval") }
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true })
  await generateScenes(options, folders)
  return folders
}

/** One digest of all files of a folder: names and contents. */
const digest = (folder: string): string => {
  const hash = createHash("sha256")
  for (const file of globSync("**/*.*", { cwd: folder }).sort()) {
    hash.update(file)
    hash.update(readFileSync(join(folder, file)))
  }
  return hash.digest("hex")
}

const readCsv = (file: string): ReadonlyArray<ReadonlyArray<string>> => parse(readFileSync(file))

let made: SceneDataFolders
beforeAll(async () => {
  made = await generate("once")
})

describe("the scenes of a seed", () => {
  it("have the same bytes every time", async () => {
    const again = await generate("again")
    expect([again.images, again.pairs, again.retrieval].map(digest)).toEqual(
      [made.images, made.pairs, made.retrieval].map(digest),
    )
  })

  it("have the bytes that they had when this was written", () => {
    expect({
      images: digest(made.images),
      pairs: digest(made.pairs),
      retrieval: digest(made.retrieval),
    }).toMatchInlineSnapshot(`
      {
        "images": "c4b4c5eca9d5884d7241c209a80816325320187a2efd1028e3c2d7ed5016d8b7",
        "pairs": "231b6ba45ded0a4d0c728625a721663e895020bd6d3e81fbb428cfc5dcc1ef73",
        "retrieval": "3cc17f6469e80c0bc363d6499174a5d8137834cd6480ec018129ee410e82c6ad",
      }
    `)
  })
})

describe("training images", () => {
  it("are listed with their captions, of which a share is fine", async () => {
    const [header, ...rows] = readCsv(join(made.images, "urls.csv"))
    expect(header).toEqual(["url", "caption", "coarse_caption", "fine_caption"])
    expect(rows.length).toBe(60)
    const fine = rows.filter(([, caption, , fineCaption]) => caption === fineCaption).length
    expect(fine).toBeGreaterThan(8)
    expect(fine).toBeLessThan(30)
    for (const [url = "", caption, coarse, fineCaption] of rows) {
      expect([coarse, fineCaption]).toContain(caption)
      expect(await decodeImage(readFileSync(join(made.images, url)))).toMatchObject({ width: 64, height: 64 })
    }
  })
})

describe("the pairs benchmark", () => {
  it("is laid out as MMVP-VLM is", async () => {
    const [header, ...rows] = readCsv(join(made.pairs, "Questions.csv"))
    expect(header).toEqual(["Question ID", "Type", "Statement"])
    expect(rows.map(([id]) => id)).toEqual(rows.map((_, index) => String(index + 1)))
    expect(rows.map(([, type]) => type)).toEqual(
      CATEGORIES.flatMap((category) => [category, category, category, category]),
    )
    for (const [id, type = ""] of rows) {
      const bytes = readFileSync(join(made.pairs, "MLLM_VLM_Images", type, `${id}.jpg`))
      expect(await decodeImage(bytes)).toMatchObject({ width: 64, height: 64 })
    }
  })
})

describe("the retrieval benchmark", () => {
  it("has an image and one caption a sample", async () => {
    const captions: Array<string | undefined> = []
    for await (const sample of readBenchmarkSamples(made.retrieval)) {
      captions.push(textOf(sample, "txt"))
      expect([...sample.files.keys()]).toEqual(["png", "txt"])
    }
    expect(new Set(captions).size).toBe(12)
  })
})
