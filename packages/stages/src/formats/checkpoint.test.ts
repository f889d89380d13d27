import { existsSync } from "node:fs"
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deflateRawSync } from "node:zlib"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makePickle, type Pickled } from "./fixtures/make-pickle.ts"
import { makeZip, type ZipMemberToMake } from "./fixtures/make-zip.ts"
import { CheckpointError, openCheckpoint, readSafetensors } from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/checkpoints")

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "checkpoint-"))
})
afterAll(async () => {
  await rm(work, { recursive: true })
})

const reasonOf = async (file: string): Promise<string> => {
  try {
    await using opened = await openCheckpoint(file)
    for (const name of opened.names()) await opened.read(name)
  } catch (error) {
    if (error instanceof CheckpointError) return error.message
    throw error
  }
  return "it was read"
}

describe("openCheckpoint", () => {
  it.each([
    ["zip.pt", "torch"],
    ["legacy.pt", "torch-legacy"],
    ["nested.pt", "torch"],
    ["parameters.bin", "torch"],
    ["torchscript.pt", "torchscript"],
    ["sharded/model.safetensors.index.json", "sharded"],
    ["sharded/model-00001-of-00002.safetensors", "safetensors"],
  ])("reads %s, whatever it is called", async (path, format) => {
    const expected = await readSafetensors(join(fixtures, "expected.safetensors"))
    const prefix = `${path.split("/")[0]}:`
    const renamed = path.startsWith("sharded") ? join(fixtures, path) : join(work, "nameless")
    if (!path.startsWith("sharded")) await cp(join(fixtures, path), renamed)
    await using opened = await openCheckpoint(renamed)
    expect(opened.format).toBe(format)
    const wanted = [...expected].filter(([key]) => key.startsWith(prefix))
    if (format !== "safetensors")
      expect([...opened.names()].sort()).toEqual(wanted.map(([key]) => key.slice(prefix.length)).sort())
    expect(opened.names().length).toBeGreaterThan(3)
    for (const name of opened.names()) {
      const { data, shape } = await opened.read(name)
      const value = expected.get(prefix + name)
      expect(shape).toEqual(value?.shape)
      expect(data).toEqual(value?.data)
      expect(opened.entry(name).shape).toEqual(shape)
    }
    expect(() => opened.entry("nothing")).toThrow('no tensor named "nothing"')
  })

  it.each([0x280, 0x580, 0x4b50])(
    "takes safetensors for what they are with a header of %i bytes",
    async (length) => {
      const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.padEnd(length)
      const size = Buffer.alloc(8)
      size.writeBigUInt64LE(BigInt(length))
      await writeFile(join(work, "header"), Buffer.concat([size, Buffer.from(header), Buffer.alloc(4)]))
      await using opened = await openCheckpoint(join(work, "header"))
      expect(opened.format).toBe("safetensors")
    },
  )

  it("refuses each hostile file with its reason, and executes nothing", async () => {
    const reasons: Record<string, RegExp> = {
      "code.pt": /asks for (posix|os)\.system, which no tensor needs; nothing was executed/,
      "code-legacy.pt": /asks for (posix|os)\.system, which no tensor needs; nothing was executed/,
      "truncated.pt": /cut off/,
      "traversal.pt": /"zip\/\.\.\/\.\.\/data\/0" would leave the archive/,
      "bomb.pt": /has 67108864 bytes, and should have 192/,
      "header-beyond.safetensors": /header is longer than the file/,
      "header-not-json.safetensors": /not JSON/,
      "overlap.safetensors": /overlaps/,
      "huge.safetensors": /does not fit its 16 bytes/,
      "beyond.safetensors": /past the end/,
      "duplicate.safetensors": /"a" twice/,
    }
    const files = await readdir(join(fixtures, "hostile"))
    expect(files.sort()).toEqual(Object.keys(reasons).sort())
    for (const file of files) {
      const reason = await reasonOf(join(fixtures, "hostile", file))
      expect(reason).toMatch(reasons[file] ?? /^$/)
      expect(reason).toContain(file)
      expect(existsSync("EXECUTED")).toBe(false)
    }
  })

  it.each([
    ["nothing", ""],
    ["a text", "weights"],
    ["a page", "<html>please log in</html>"],
    ["JSON of something else", '{"a":1}'],
    ["a short pickle", Buffer.from([0x80, 2, 0x4e, 0x2e])],
  ])("refuses %s", async (_, content) => {
    const file = join(work, "other")
    await writeFile(file, content)
    expect(await reasonOf(file)).toMatch(/^the checkpoint .*other cannot be read: it /)
  })

  it("refuses a prefix of any honest file", async () => {
    const files = ["zip.pt", "legacy.pt", "torchscript.pt", "sharded/model-00001-of-00002.safetensors"]
    const contents = await Promise.all(files.map((file) => readFile(join(fixtures, file))))
    const file = join(work, "cut")
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...contents),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (content, share) => {
          await writeFile(file, content.subarray(0, Math.floor(content.length * share)))
          expect(await reasonOf(file)).not.toBe("it was read")
        },
      ),
      { numRuns: 60 },
    )
  })

  it("survives any changed byte: it reads the file or refuses it", async () => {
    const contents = await Promise.all(
      ["zip.pt", "legacy.pt", "nested.pt"].map((file) => readFile(join(fixtures, file))),
    )
    const file = join(work, "changed")
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...contents),
        fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (content, changes) => {
          const changed = Buffer.from(content)
          for (const [place, byte] of changes) changed[place % changed.length] = byte
          await writeFile(file, changed)
          expect(typeof (await reasonOf(file))).toBe("string")
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe("a zip archive", () => {
  const f32 = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)
  const tensor = (
    key: string,
    count: number,
    shape: ReadonlyArray<number>,
    strides: ReadonlyArray<number>,
    offset = 0,
  ): Pickled => ({
    call: "torch._utils _rebuild_tensor_v2",
    args: [
      { storage: ["torch FloatStorage", key, count] },
      offset,
      { tuple: shape },
      { tuple: strides },
      false,
      { call: "collections OrderedDict", args: [] },
    ],
  })
  const archive = (
    state: Pickled,
    others: ReadonlyArray<ZipMemberToMake> = [{ name: "a/data/0", data: f32 }],
  ) => makeZip([{ name: "a/data.pkl", data: makePickle(state) }, ...others])
  const write = async (bytes: Buffer): Promise<string> => {
    const file = join(work, "made.pt")
    await writeFile(file, bytes)
    return file
  }

  it("may hold deflated storages, and zip64 sizes", async () => {
    for (const changes of [{ packed: deflateRawSync(f32), method: 8 }, { zip64: true }]) {
      const members = [{ name: "a/data/0", data: f32, ...changes }]
      await using opened = await openCheckpoint(
        await write(archive({ dict: { w: tensor("0", 4, [2, 2], [1, 2]) } }, members)),
      )
      expect((await opened.read("w")).data).toEqual(Float32Array.of(1, 3, 2, 4))
    }
  })

  it("is read within its tensors' bounds", async () => {
    const cases: ReadonlyArray<readonly [Pickled, RegExp]> = [
      [tensor("0", 4, [5], [1]), /goes beyond its storage of 16 bytes/],
      [tensor("0", 4, [2], [4]), /goes beyond/],
      [tensor("0", 4, [2], [1], 3), /goes beyond/],
      [tensor("0", 4, [2 ** 31, 2 ** 31], [0, 0]), /goes beyond/],
      [tensor("0", 4, [2 ** 21], [0]), /repeats a storage/],
      [tensor("0", 4, [2, 2], [2]), /none that is read here/],
      [tensor("0", 5, [2], [1]), /has 16 bytes, and should have 20/],
      [tensor("../0", 4, [2], [1]), /no member/],
      [tensor("1", 4, [2], [1]), /no member "a\/data\/1"/],
    ]
    for (const [value, reason] of cases)
      expect(await reasonOf(await write(archive({ dict: { w: value } })))).toMatch(reason)
  })

  it("has no members that hide from one another", async () => {
    const member = { name: "a/data/0", data: f32 }
    const state: Pickled = { dict: { w: tensor("0", 4, [4], [1]) } }
    const cases: ReadonlyArray<readonly [ReadonlyArray<ZipMemberToMake>, RegExp]> = [
      [[member, member], /occurs twice/],
      [[{ ...member, localName: "a/data/9" }], /another one than the zip directory says/],
      [[{ ...member, extra: 60000 }], /overlaps/],
      [[{ ...member, flags: 1 }], /is encrypted/],
      [[{ ...member, method: 12 }], /packed by method 12/],
      [[{ ...member, size: 17 }], /has two sizes/],
      [[member, { name: "a/x", data: f32, start: 0 }], /overlaps/],
      [[member, { name: "b/data.pkl", data: f32 }], /2 members \*\/data\.pkl/],
      [[member, { name: "a/byteorder", data: Buffer.from("big") }], /byte order/],
      [
        [{ ...member, packed: deflateRawSync(Buffer.alloc(17)), method: 8 }],
        /does not unpack to the 16 bytes/,
      ],
      [[{ name: "/etc/passwd", data: f32 }], /would leave the archive/],
      [[{ name: "C:x", data: f32 }], /would leave the archive/],
    ]
    for (const [members, reason] of cases)
      expect(await reasonOf(await write(archive(state, members)))).toMatch(reason)
  })

  it("cannot unfold into more than it holds", async () => {
    let nest: Pickled = tensor("0", 4, [4], [1])
    for (let depth = 0; depth < 100; depth++) nest = { list: [nest] }
    expect(await reasonOf(await write(archive(nest)))).toMatch(/nested without end/)
    const large = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`w${index}`, tensor("0", 4, [2 ** 15, 4], [0, 1])]),
    )
    expect(await reasonOf(await write(archive({ dict: large })))).toMatch(/many times as large as the file/)
    // Ten lists of the same ten lists of the same ten lists …
    const layers = Array.from(
      { length: 12 },
      (_, index) => `](${`h${String.fromCharCode(index)}`.repeat(10)}eq${String.fromCharCode(index + 1)}`,
    )
    const laughs = Buffer.from(`\x80\x02]q\x00${layers.join("")}.`, "latin1")
    expect(await reasonOf(await write(makeZip([{ name: "a/data.pkl", data: laughs }])))).toMatch(
      /nested without end/,
    )
  })

  it("may ask for nothing but tensors", async () => {
    for (const name of [
      "posix system",
      "builtins eval",
      "builtins getattr",
      "torch load",
      "torch.hub load",
      "numpy.core.multiarray _reconstruct",
      "collections defaultdict",
      "__torch__.a Model",
    ]) {
      const [module = "", member = ""] = name.split(" ")
      expect(await reasonOf(await write(archive({ call: name, args: ["x"] })))).toContain(
        `asks for ${module}.${member}, which no tensor needs`,
      )
    }
    expect(await reasonOf(await write(archive({ call: "torch float32", args: [] })))).toMatch(
      /calls torch\.float32/,
    )
  })

  it("keeps what is no tensor out of the way", async () => {
    const state: Pickled = {
      dict: {
        epoch: 3,
        name: "x",
        betas: { tuple: [1, 2] },
        lr: {
          call: "numpy.core.multiarray scalar",
          args: [{ call: "numpy dtype", args: ["f8", false, true] }, "x"],
        },
        list: { list: [tensor("0", 4, [4], [1])] },
      },
    }
    await using opened = await openCheckpoint(await write(archive(state)))
    expect(opened.names()).toEqual(["list.0"])
  })
})

describe("a sharded checkpoint", () => {
  const copy = async (change: (folder: string) => Promise<void>): Promise<string> => {
    const folder = await mkdtemp(join(work, "sharded-"))
    await cp(join(fixtures, "sharded"), folder, { recursive: true })
    await change(folder)
    return join(folder, "model.safetensors.index.json")
  }
  const edit = (from: string | RegExp, to: string) =>
    copy(async (folder) => {
      const file = join(folder, "model.safetensors.index.json")
      const before = await readFile(file, "utf8")
      const after = before.replace(from, to)
      expect(after).not.toBe(before)
      await writeFile(file, after)
    })
  const second = "model-00002-of-00002.safetensors"

  it("may have shards of any format", async () => {
    const file = await copy(async (folder) => {
      await cp(join(fixtures, "zip.pt"), join(folder, "whole.bin"))
      const names = ["a.weight", "a.bias", "b", "ids", "view", "slice", "scalar", "flags", "bytes"]
      const map = Object.fromEntries(names.map((name) => [name, "whole.bin"]))
      await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }))
    })
    expect(await reasonOf(file)).toBe("it was read")
  })

  it("is refused when a shard is missing, or one too many, or the index lies", async () => {
    expect(await reasonOf(await copy((folder) => rm(join(folder, second))))).toMatch(
      /shards model-00002-of-00002\.safetensors are missing/,
    )
    expect(
      await reasonOf(
        await copy((folder) => cp(join(folder, second), join(folder, "model-00003-of-00002.safetensors"))),
      ),
    ).toMatch(/knows nothing of the shards model-00003/)
    expect(await reasonOf(await edit(/"a\.bias": "[^"]*"/, `"a.bias": "${second}"`))).toMatch(
      /lies: model-00002-of-00002\.safetensors has no tensor named "a\.bias"/,
    )
    expect(await reasonOf(await edit(/"a\.bias": "[^"]*", /, ""))).toMatch(/lies: it does not name "a\.bias"/)
    expect(await reasonOf(await edit('"a.bias":', `"b": "${second}", "a.bias":`))).toMatch(/names "b" twice/)
    expect(await reasonOf(await edit(/"a\.bias": "[^"]*"/, '"a.bias": "../x.safetensors"'))).toMatch(
      /no file beside it/,
    )
    const nested = await copy(async (folder) => {
      await cp(join(folder, "model.safetensors.index.json"), join(folder, second))
    })
    expect(await reasonOf(nested)).toMatch(/a shard is an index itself/)
  })
})
