import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Raster } from "../../images/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import { collectScenes } from "./collection.ts"
import { CATEGORIES, coarseCaption, fineCaption, renderScenes, type Scene } from "./index.ts"
import { randomPair } from "./sampling.ts"
import { sceneElements } from "./svg.ts"
import { topicOf, topics, topicsByCategory } from "./topics/index.ts"

const render = async (scenes: ReadonlyArray<Scene>, size = 64): Promise<ReadonlyArray<Raster>> => {
  const rasters: Array<Raster> = []
  for await (const raster of renderScenes(scenes, size)) rasters.push(raster)
  return rasters
}

/** Every topic's every value, for one noun, colour and place. */
const gallery = (size: number, shift: Scene["shift"]): ReadonlyArray<Scene> =>
  topics.flatMap((topic) =>
    topic.values.map(
      (value): Scene => ({
        topic: topic.name,
        value,
        noun: topic.nouns[0],
        colour: "red",
        accent: "blue",
        background: "white",
        shift,
        size,
      }),
    ),
  )

const pairs = fc
  .record({ category: fc.constantFrom(...CATEGORIES), seed: fc.nat() })
  .map(({ category, seed }) => randomPair(RandomStream.named(seed, "test"), category))

describe("topics", () => {
  it("are of MMVP's nine categories, each with several ways to differ", () => {
    expect([...topicsByCategory.keys()]).toEqual(CATEGORIES)
    for (const some of topicsByCategory.values()) expect(some.length).toBeGreaterThanOrEqual(3)
  })

  it("have names of their own", () => {
    expect(new Set(topics.map(({ name }) => name)).size).toBe(topics.length)
  })

  it("tell all their values apart in words and in pixels, and none in the coarse caption", async () => {
    const scenes = gallery(18, { x: 0, y: 0 })
    const rasters = await render(scenes)
    const looks = scenes.map(
      (scene, at) => `${scene.topic} ${Buffer.from(rasters[at]?.data ?? []).toString("hex")}`,
    )
    const distinct = (texts: ReadonlyArray<string>): number => new Set(texts).size
    expect(distinct(looks)).toBe(scenes.length)
    expect(distinct(scenes.map((scene) => `${scene.topic} ${fineCaption(scene)}`))).toBe(scenes.length)
    expect(distinct(scenes.map((scene) => `${scene.topic} ${coarseCaption(scene)}`))).toBe(topics.length)
  })

  it.each([
    [17, -4, -4],
    [21, 4, 4],
    [21, -4, 4],
  ])("stay inside the image at size %i moved by %i, %i", async (size, x, y) => {
    for (const [index, raster] of (await render(gallery(size, { x, y }))).entries()) {
      const scene = gallery(size, { x, y })[index]
      const border = [0, 63].flatMap((edge) =>
        Array.from({ length: 64 }, (_, at) => [
          raster.data[3 * (64 * edge + at)],
          raster.data[3 * (64 * at + edge)],
        ]),
      )
      const inked = border.flat().filter((level) => level !== 255).length
      expect(inked, `${scene?.topic} ${scene?.value}`).toBeLessThanOrEqual(40)
    }
  })
})

describe("pairs", () => {
  it("differ in exactly the value, as data", () => {
    fc.assert(
      fc.property(pairs, ({ category, first, second }) => {
        expect(topicOf(first).category).toBe(category)
        expect(second.value).not.toBe(first.value)
        expect({ ...second, value: first.value }).toEqual(first)
        expect(coarseCaption(second)).toBe(coarseCaption(first))
        expect(fineCaption(second)).not.toBe(fineCaption(first))
      }),
      { numRuns: 500 },
    )
  })

  it("differ in pixels, enough to be seen", async () => {
    const drawn = CATEGORIES.flatMap((category) =>
      Array.from({ length: 40 }, (_, seed) => randomPair(RandomStream.named(seed, "pixels"), category)),
    )
    const rasters = await render(drawn.flatMap(({ first, second }) => [first, second]))
    for (const [index, { first, second }] of drawn.entries()) {
      const left = rasters[2 * index]?.data ?? new Uint8Array()
      const right = rasters[2 * index + 1]?.data ?? new Uint8Array()
      const changed = left.filter((level, at) => Math.abs(level - (right[at] ?? 0)) > 40).length
      expect(changed, `${fineCaption(first)} / ${fineCaption(second)}`).toBeGreaterThan(90)
    }
  })
})

describe("captions", () => {
  it("have the right article", () => {
    fc.assert(
      fc.property(pairs, ({ first }) => {
        for (const caption of [coarseCaption(first), fineCaption(first)]) {
          expect(caption).not.toMatch(/\ba [aeiou]|\ban [^aeiou]/)
          expect(caption).not.toMatch(/undefined|\s\s|^\s|\s$/)
        }
      }),
    )
  })
})

describe("a collection", () => {
  const collection = collectScenes(3, { training: 1500, pairsPerCategory: 20, retrieval: 300 })

  it("has pairs of every category, in MMVP's order", () => {
    expect(collection.pairs.map(({ category }) => category)).toEqual(
      CATEGORIES.flatMap((category) => Array.from({ length: 20 }, () => category)),
    )
  })

  it("has a caption of its own for every scene to be retrieved", () => {
    expect(new Set(collection.retrieval.map(fineCaption)).size).toBe(300)
  })

  it("never tests with what was trained with", () => {
    const tested = [
      ...collection.pairs.flatMap(({ first, second }) => [first, second]),
      ...collection.retrieval,
    ]
    const looks = tested.map(sceneElements)
    expect(new Set(looks).size).toBe(looks.length)
    const trained = new Set(collection.training.map(sceneElements))
    expect(looks.filter((look) => trained.has(look))).toEqual([])
  })

  it("keeps its first scenes when more are wanted", () => {
    const less = collectScenes(3, { training: 10, pairsPerCategory: 20, retrieval: 300 })
    expect(collection.training.slice(0, 10)).toEqual(less.training)
  })

  it("holds every topic", () => {
    expect(new Set(collection.training.map(({ topic }) => topic)).size).toBe(topics.length)
  })

  it("says so when there are not as many different scenes as wanted", () => {
    expect(() => collectScenes(3, { training: 0, pairsPerCategory: 0, retrieval: 100_000 })).toThrow(
      /fewer|further/,
    )
  })
})

describe("rendering", () => {
  it("is the same alone and among others", async () => {
    const scenes = gallery(19, { x: 1, y: -2 }).slice(0, 40)
    const together = await render(scenes, 48)
    const [alone] = await render(scenes.slice(37, 38), 48)
    expect(alone?.data).toEqual(together[37]?.data)
  })
})
