import { describe, expect, it } from "vitest"
import { odditiesOfSize } from "./oddities.ts"

const keys = (count: number) => Array.from({ length: count }, (_, index) => String(index))
const classnames = keys(10)

describe("what the catalogue has of a fetched benchmark", () => {
  it("is nothing odd where images and classes are as many", () => {
    expect(odditiesOfSize("mnist", "test", { classnames }, { keys: keys(10_000) })).toEqual([])
    expect(odditiesOfSize("flickr30k", "test", { classnames: [] }, { keys: keys(1000) })).toEqual([])
  })

  it("flags other numbers of images, of classes and of categories", () => {
    expect(odditiesOfSize("mnist", "test", { classnames: keys(9) }, { keys: keys(9999) })).toEqual([
      "images of MNIST: 9999 here, 10000 in the catalogue",
      "classes of MNIST: 9 here, 10 in the catalogue",
    ])
    const questions = keys(270).map((_, id) => ({ id, category: "Texts", statement: "x" }))
    expect(odditiesOfSize("mmvp-vlm", "test", { classnames: [] }, { keys: keys(270), questions })).toEqual([
      "categories of MMVP-VLM: 1 here, 9 in the catalogue",
    ])
  })

  it("says nothing of another split, or of one's own data", () => {
    expect(odditiesOfSize("mnist", "train", { classnames }, { keys: keys(3) })).toEqual([])
    expect(odditiesOfSize("mine", "test", { classnames }, { keys: keys(3) })).toEqual([])
    expect(odditiesOfSize(undefined, "test", { classnames }, { keys: keys(3) })).toEqual([])
  })
})
