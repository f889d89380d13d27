import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { openImage, preprocessForClip, toRgb, UnreadableImage } from "./index.ts"

// Made by test/reference/pictures.py: pictures of every kind, and what Pillow and open_clip make of them.
const folder = join(import.meta.dirname, "../../../../test/fixtures/pictures")

interface Case {
  readonly mode?: string
  readonly size?: readonly [number, number]
  readonly refused?: string
}

const cases: Readonly<Record<string, Case>> = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"))
const archive = readFileSync(join(folder, "expected.safetensors"))
const headerSize = Number(archive.readBigUInt64LE(0))
const header: Readonly<Record<string, { readonly data_offsets: readonly [number, number] }>> = JSON.parse(
  archive.toString("utf8", 8, 8 + headerSize),
)

const expected = (name: string): Uint8Array => {
  const [start = 0, end = 0] = header[name]?.data_offsets ?? []
  return archive.subarray(8 + headerSize + start, 8 + headerSize + end)
}

const fileOf = (name: string): Uint8Array => readFileSync(join(folder, "images", name))

const SIZE = { size: 24, mean: [0, 0, 0], std: [1, 1, 1] }
const VIEWS = {
  shortest: { ...SIZE, mode: "shortest" },
  squash: { ...SIZE, mode: "squash" },
  bilinear: { ...SIZE, mode: "shortest", interpolation: "bilinear" },
} as const

/** How many values differ, and by how much at most. */
const difference = (ours: Uint8Array, theirs: Uint8Array) => {
  const apart = Array.from(ours, (value, at) => Math.abs(value - (theirs[at] ?? 0)))
  return { length: ours.length, count: apart.filter((by) => by > 0).length, most: Math.max(...apart) }
}

const none = (length: number) => ({ length, count: 0, most: 0 })

const read = Object.entries(cases).filter(([, { refused }]) => refused === undefined)
const refused = Object.entries(cases).filter(([, { refused }]) => refused !== undefined)

describe.each(read)("%s, as Pillow and open_clip have it", (name, { size }) => {
  it("is decoded", async () => {
    const { width, height, data } = toRgb(await openImage(fileOf(name)))
    expect([width, height]).toEqual(size)
    expect(difference(data, expected(`${name}.decoded`))).toEqual(none(3 * width * height))
  })

  it.each(["shortest", "squash", "bilinear"] as const)("is resized: %s", async (view) => {
    const values = preprocessForClip(await openImage(fileOf(name)), VIEWS[view])
    const levels = Uint8Array.from(values, (value) => Math.round(255 * value))
    expect(difference(levels, expected(`${name}.${view}`))).toEqual(none(3 * 24 * 24))
  })
})

it.each(refused)("%s is refused", async (name) => {
  await expect(openImage(fileOf(name))).rejects.toBeInstanceOf(UnreadableImage)
})
