import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { encodePng } from "../../images/index.ts"
import { imageBatches } from "./image-batches.ts"
import { type NamedImage, PreparingThreads } from "./preparing-threads.ts"

let threads: PreparingThreads
beforeAll(() => {
  threads = new PreparingThreads({ size: 4, mean: [0, 0, 0], std: [1, 1, 1], mode: "squash" }, 2)
})
afterAll(() => threads[Symbol.asyncDispose]())

const prepare = (image: NamedImage) => threads.prepare(image)

const grey = async (key: string, level: number): Promise<NamedImage> => ({
  key,
  image: await encodePng({ width: 4, height: 4, data: new Uint8Array(48).fill(level) }),
})

const images = async (count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => grey(`image ${index}`, 20 * index)))

describe("batches of images", () => {
  it.each([1, 3, 4, 7, 10])("keep every image in its place, %i at a time", async (size) => {
    const keys: Array<string> = []
    const levels: Array<number> = []
    for await (const batch of imageBatches(await images(7), prepare, size)) {
      expect(batch.keys.length).toBeLessThanOrEqual(size)
      expect(batch.pixels).toHaveLength(batch.keys.length * 48)
      keys.push(...batch.keys)
      batch.keys.forEach((_, index) => {
        levels.push(Math.round((batch.pixels[index * 48] ?? 0) * 255))
      })
    }
    expect(keys).toEqual(Array.from({ length: 7 }, (_, index) => `image ${index}`))
    expect(levels).toEqual(Array.from({ length: 7 }, (_, index) => 20 * index))
  })

  it("are none for no images", async () => {
    for await (const batch of imageBatches([], prepare, 3)) expect.unreachable(String(batch.keys))
  })

  it("name the image that can't be read, after giving the batches before it", async () => {
    const given = [...(await images(2)), { key: "broken", image: new TextEncoder().encode("no image") }]
    const seen: Array<string> = []
    const read = async () => {
      for await (const batch of imageBatches(given, prepare, 2)) seen.push(...batch.keys)
    }
    await expect(read()).rejects.toMatchObject({
      _tag: "StageFailure",
      message: expect.stringMatching(/^the image of sample broken can't be read: /),
    })
    expect(seen).toEqual(["image 0", "image 1"])
  })

  it("leave no failure unhandled when the reader stops early", async () => {
    const given = [...(await images(2)), { key: "broken", image: new Uint8Array(3) }]
    for await (const batch of imageBatches(given, prepare, 1)) {
      expect(batch.keys).toEqual(["image 0"])
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  })
})
