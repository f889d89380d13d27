import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  openSafetensors,
  readSafetensors,
  SafetensorsError,
  type TensorToStore,
  writeSafetensors,
} from "./index.ts"
import { narrowToBfloat16, narrowToHalf, widenBfloat16, widenHalf } from "./safetensors-half-precision.ts"

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/checkpoints")

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "safetensors-"))
})
afterAll(async () => {
  await rm(work, { recursive: true })
})

describe("readSafetensors", () => {
  it.each(["sharded/model-00001-of-00002", "sharded/model-00002-of-00002"])("reads %s", async (name) => {
    const tensors = await readSafetensors(join(fixtures, `${name}.safetensors`))
    const expected = await readSafetensors(join(fixtures, "expected.safetensors"))
    expect(tensors.size).toBeGreaterThan(0)
    for (const [key, { data, shape }] of tensors) {
      const wanted = [...expected].find(
        ([full]) => full.startsWith("sharded") && full.endsWith(`:${key}`),
      )?.[1]
      expect(shape).toEqual(wanted?.shape)
      expect(Array.from(data, Number)).toEqual(Array.from(wanted?.data ?? [], Number))
    }
  })

  it("refuses each hostile file with a reason", async () => {
    const files = (await readdir(join(fixtures, "hostile"))).filter((name) => name.endsWith(".safetensors"))
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      await expect(readSafetensors(join(fixtures, "hostile", file))).rejects.toThrow(SafetensorsError)
    }
  })

  const header = async (json: string, data = 0): Promise<string> => {
    const text = Buffer.from(json)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    const file = join(work, "made.safetensors")
    await writeFile(file, Buffer.concat([length, text, Buffer.alloc(data)]))
    return file
  }
  const entry = (offsets: string, shape = "[2]") =>
    `{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`

  it.each([
    ["a hole", `{"a":${entry("[0,8]")},"b":${entry("[12,20]")}}`, 20, /hole/],
    ["bytes of no tensor", `{"a":${entry("[0,8]")}}`, 9, /belong to no tensor/],
    ["an escaped duplicate", `{"a":${entry("[0,8]")},"\\u0061":${entry("[0,8]")}}`, 8, /twice/],
    ["a repeated field", `{"a":{"shape":[2],${entry("[0,8]").slice(1)}}`, 8, /twice/],
    ["a fractional shape", `{"a":${entry("[0,8]", "[2.5]")}}`, 8, /shape/],
    [
      "an overflowing shape",
      `{"a":${entry("[0,8]", "[4503599627370496,4503599627370496]")}}`,
      8,
      /does not fit/,
    ],
    ["an unknown type", `{"a":{"dtype":"F128","shape":[],"data_offsets":[0,16]}}`, 16, /F128/],
    ["metadata that is no text", `{"__metadata__":{"a":1}}`, 0, /__metadata__/],
  ])("refuses %s", async (_, json, data, message) => {
    await expect(readSafetensors(await header(json, data))).rejects.toThrow(message)
  })

  it("takes keys of any kind as names", async () => {
    const file = await header(`{"__proto__":${entry("[0,8]")},"a\\"b":${entry("[8,16]")}}`, 16)
    expect([...(await readSafetensors(file)).keys()]).toEqual(["__proto__", 'a"b'])
  })
})

describe("writeSafetensors", () => {
  const tensor = (name: string, values: ReadonlyArray<number>): TensorToStore => ({
    name,
    dtype: "F32",
    shape: [values.length],
    read: () => Float32Array.from(values),
  })

  it("gives the same bytes in whatever order, sorted and aligned", async () => {
    const [one, two] = [join(work, "one"), join(work, "two")]
    await writeSafetensors(one, [tensor("b", [1, 2]), tensor("a", [3])], { x: "1", format: "pt" })
    await writeSafetensors(two, [tensor("a", [3]), tensor("b", [1, 2])], { format: "pt", x: "1" })
    const bytes = await readFile(one)
    expect(await readFile(two)).toEqual(bytes)
    expect(Number(bytes.readBigUInt64LE()) % 8).toBe(0)
    await using opened = await openSafetensors(one)
    expect(opened.names()).toEqual(["a", "b"])
    expect(opened.metadata).toEqual({ format: "pt", x: "1" })
    expect((await opened.read("b")).data).toEqual(Float32Array.of(1, 2))
  })

  it("rounds to what the types can hold", async () => {
    const file = join(work, "types")
    const values = [1, -2.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8]
    await writeSafetensors(file, [
      { name: "bf16", dtype: "BF16", shape: [4], read: () => Float32Array.from(values) },
      { name: "f16", dtype: "F16", shape: [2, 2], read: () => Float32Array.from(values) },
      { name: "i64", dtype: "I64", shape: [2], read: () => Int32Array.of(-1, 7) },
    ])
    const read = await readSafetensors(file)
    expect(read.get("bf16")?.data).toEqual(Float32Array.of(1, -2.5, 1, 1 + 2 ** -6))
    expect(read.get("f16")?.data).toEqual(Float32Array.from(values))
    expect(read.get("i64")?.data).toEqual(BigInt64Array.of(-1n, 7n))
  })

  it("leaves the old file and nothing else when it fails", async () => {
    const folder = await mkdtemp(join(work, "failing-"))
    const file = join(folder, "model.safetensors")
    await writeSafetensors(file, [tensor("a", [1])])
    const before = await readFile(file)
    const wrong: TensorToStore = { name: "b", dtype: "F16", shape: [3], read: () => Float32Array.of(1) }
    await expect(writeSafetensors(file, [tensor("a", [2]), wrong])).rejects.toThrow(/was given 1 values/)
    await expect(writeSafetensors(file, [tensor("a", [2]), tensor("a", [3])])).rejects.toThrow(/named "a"/)
    expect(await readFile(file)).toEqual(before)
    expect(await readdir(folder)).toEqual(["model.safetensors"])
  })
})

describe("half precision", () => {
  it("gives every finite half back", () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, half) => half).filter(
      (half) => (half & 0x7c00) !== 0x7c00,
    )
    expect(narrowToHalf(widenHalf(bits))).toEqual(bits)
  })

  it("rounds to the nearest, ties to even", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x7bfe }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (half, share) => {
          const [low = 0, high = 0] = widenHalf(Uint16Array.of(half, half + 1))
          const value = Math.fround(low + (high - low) * share)
          const [rounded] = narrowToHalf(Float32Array.of(value))
          const even = half % 2 === 0 ? half : half + 1
          const nearest = value - low === high - value ? even : value - low < high - value ? half : half + 1
          expect(rounded).toBe(nearest)
        },
      ),
    )
  })

  it("gives every bfloat16 back, and no infinity for what is no number", () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, index) => index).filter(
      (word) => (word & 0x7fff) <= 0x7f80,
    )
    expect(narrowToBfloat16(widenBfloat16(bits))).toEqual(bits)
    expect(widenBfloat16(narrowToBfloat16(Float32Array.of(Number.NaN)))[0]).toBeNaN()
  })

  it("keeps signs, infinities and the lack of a number", () => {
    const values = Float32Array.of(-0, 65504, 65519, 65520, -1e9, 2 ** -25, 2 ** -24 * 0.51, Number.NaN)
    const [zero, largest, below, above, negative, tie, small, nan = 0] = narrowToHalf(values)
    expect([zero, largest, below, above, negative, tie, small]).toEqual([
      0x8000, 0x7bff, 0x7bff, 0x7c00, 0xfc00, 0, 1,
    ])
    expect(widenHalf(Uint16Array.of(nan))[0]).toBeNaN()
  })
})
