import { createHash } from "node:crypto"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import sharp from "sharp"
import { afterEach, beforeEach, expect, it } from "vitest"
import { writeSafetensors } from "../formats/index.ts"
import { readMistakes } from "./mistakes.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mistakes-"))
})
afterEach(() => rm(folder, { recursive: true }))

type Numbers = readonly [name: string, shape: ReadonlyArray<number>, values: Float32Array | Int32Array]

/** Predictions as `evaluate/score` leaves them, of pictures that lie as a table. */
const write = async (facts: Readonly<Record<string, unknown>>, tensors: ReadonlyArray<Numbers>) => {
  const images = join(folder, "images")
  const pictures = await Promise.all(
    [0, 1, 2, 3].map((level) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 60 * level, g: 0, b: 0 } } })
        .png()
        .toBuffer(),
    ),
  )
  await mkdir(images)
  for (const [place, bytes] of pictures.entries()) await writeFile(join(images, `${place}.png`), bytes)
  const lines = ["image,label", ...pictures.map((_, place) => `${place}.png,a`), ""]
  await writeFile(join(images, "test.csv"), lines.join("\n"))
  const about = { format: 1, benchmark: "b", model: "m", view: "class", draws: 1, n: 4, ...facts }
  await writeFile(join(folder, "predictions.json"), JSON.stringify(about))
  const digests = pictures.map((bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 32))
  await writeFile(join(folder, "samples.json"), JSON.stringify({ keys: ["0", "1", "2", "3"], digests }))
  await writeSafetensors(
    join(folder, "predictions.safetensors"),
    tensors.map(([name, shape, values]) =>
      values instanceof Float32Array
        ? { name, dtype: "F32", shape, read: () => values }
        : { name, dtype: "I32", shape, read: () => values },
    ),
  )
  return { images, pictures }
}

it("of pairs: statements that picked the other image, the surest first, with both images", async () => {
  const { images, pictures } = await write({ task: "pairs", n: 2, texts: ["one", "two", "three", "four"] }, [
    // The first pair is answered by its first image twice; of the second, equal scores pick the second image.
    ["logits", [1, 2, 2, 2], Float32Array.of(5, 1, 4, 2.5, 3, 3, 1, 1)],
  ])
  const found = await readMistakes(folder, [images])
  expect(found).toMatchObject({ name: "m, b", about: expect.stringMatching(/^2 of 4 statements picked/) })
  expect(found?.worst.map(({ text, told }) => [text, told])).toEqual([
    ["two", "by 1.5"],
    ["three", "by 0.0"],
  ])
  const [two] = found?.worst ?? []
  expect(two?.images.map(({ role }) => role)).toEqual(["its own", "picked"])
  expect(two?.images.map(({ picture }) => Buffer.from(picture?.bytes ?? []))).toEqual([
    pictures[1],
    pictures[0],
  ])
})

it("of retrieval: captions that found another image first, those with the lowest rank first", async () => {
  const { images, pictures } = await write(
    { task: "retrieval", prompts: "p", view: "all-tokens", texts: ["a", "b", "c", "d"] },
    [
      ["image-of-text", [4], Int32Array.of(0, 1, 2, 3)],
      ["image-rank", [1, 4], Int32Array.of(0, 2, 3, 0)],
      ["top-images", [1, 4, 2], Int32Array.of(0, 1, 3, 0, 0, 1, 3, 2)],
    ],
  )
  const found = await readMistakes(folder, [images])
  expect(found?.name).toBe("m, b, p prompts (all-tokens view)")
  expect(found?.worst.map(({ text, told }) => [text, told])).toEqual([
    ["c", "its own is number 4 of 4"],
    ["b", "its own is number 3 of 4"],
  ])
  expect(found?.worst[1]?.images.map(({ picture }) => Buffer.from(picture?.bytes ?? []))).toEqual([
    pictures[1],
    pictures[3],
  ])
})

it("of images with several classes: a class that is not theirs above all that are", async () => {
  await write({ task: "multilabel", classnames: ["cat", "dog", "cow"] }, [
    ["targets", [4, 3], Int32Array.of(1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0)],
    ["score", [1, 4, 3], Float32Array.of(3, 1, 5, 1, 2, 1, 4, 1, 2, 9, 1, 1)],
  ])
  const found = await readMistakes(folder, [])
  expect(found?.about).toMatch(/^2 of 4 images/)
  expect(found?.worst.map(({ text, told }) => [text, told])).toEqual([
    ["cow for cat, dog", "by 2.0"],
    ["cat for cow", "by 2.0"],
  ])
  expect(found?.worst[0]?.images).toEqual([{ role: "", picture: undefined }])
})

it("of classifications there are none: these have a confusion matrix", async () => {
  await write({ task: "classification", classnames: ["a"] }, [["label", [4], new Int32Array(4)]])
  expect(await readMistakes(folder, [])).toBeUndefined()
})
