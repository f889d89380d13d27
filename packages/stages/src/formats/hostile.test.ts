import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, rm, stat, symlink, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deflateRawSync } from "node:zlib"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makePickle } from "./fixtures/make-pickle.ts"
import { makeZip } from "./fixtures/make-zip.ts"
import { CheckpointError, openCheckpoint, printable, readJsonFile } from "./index.ts"

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/checkpoints")

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "hostile-"))
})
afterAll(() => rm(work, { recursive: true }))

/** Why a file is refused. Whatever else is thrown fails the test, and so does a reader that takes much memory. */
const refusal = async (file: string): Promise<string> => {
  const before = process.memoryUsage().arrayBuffers
  try {
    await using opened = await openCheckpoint(file)
    for (const name of opened.names()) await opened.read(name)
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error
    expect(error.message.length).toBeLessThan(1100)
    expect(error.message).not.toMatch(/\p{Cc}/u)
    return error.message
  } finally {
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(256 << 20)
    expect(existsSync("EXECUTED")).toBe(false)
  }
  return "it was read"
}

const refusalOf = async (bytes: Uint8Array): Promise<string> => {
  const file = join(work, "made")
  await writeFile(file, bytes)
  return await refusal(file)
}

const safetensors = (header: string, data = Buffer.alloc(0)): Buffer => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)))
  return Buffer.concat([length, Buffer.from(header), data])
}

const zipped = (pickle: Buffer): Buffer => makeZip([{ name: "a/data.pkl", data: pickle }])

describe("a pickle", () => {
  const pickle = (body: string) => Buffer.from(`\x80\x04${body}.`, "latin1")
  const short = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`

  it.each<[string, string, RegExp]>([
    ["GLOBAL and REDUCE", "cposix\nsystem\n(X\x02\x00\x00\x00lstR", /asks for posix\.system/],
    ["STACK_GLOBAL", `${short("os")}${short("system")}\x93${short("ls")}\x85R`, /asks for os\.system/],
    ["a dotted STACK_GLOBAL", `${short("builtins")}${short("eval.__call__")}\x93`, /asks for builtins\.eval/],
    ["torch's own that loads", `${short("torch.serialization")}${short("load")}\x93`, /asks for torch\.ser/],
    ["INST", "(S'ls'\nios\nsystem\n", /instruction 0x53/],
    ["INST alone", "(ios\nsystem\n", /instruction 0x69/],
    ["OBJ", "(cos\nsystem\n\x8c\x02lso", /asks for os\.system/],
    ["OBJ of what is allowed", "(ccollections\nOrderedDict\no", /instruction 0x6f/],
    ["NEWOBJ", "cos\nsystem\n)\x81", /asks for os\.system/],
    ["NEWOBJ_EX", "ccollections\nOrderedDict\n)}\x92", /instruction 0x92/],
    ["BUILD of a class", "ctorch\nTensor\n}b", /gives a state to what can have none/],
    ["BUILD of a number", "K\x01}b", /gives a state to what can have none/],
    ["REDUCE of a number", "K\x01)R", /calls what is no name/],
    ["REDUCE without a tuple", "ccollections\nOrderedDict\nK\x01R", /arguments that are no tuple/],
    ["a persistent id that is a line", "P42\n", /instruction 0x50/],
    ["a persistent id of no storage", "\x8c\x01xQ", /describes a storage wrongly/],
    ["a registered extension", "\x82\x01", /instruction 0x82/],
    ["a buffer from outside", "\x97", /instruction 0x97/],
    [
      "a type that calls itself",
      "ctorch._tensor\n_rebuild_from_type_v2\n2NK\x01\x87R",
      /describes a tensor wrongly|empty|0x32/,
    ],
    ["the end of the stack", "0", /takes from an empty stack/],
    ["what it has not remembered", "h\x07", /recalls what it has not remembered/],
    ["a mark below its values", "(0", /takes from an empty stack/],
    ["a protocol of 1", "\x80\x01N", /protocol 1, not 2 to 5/],
    ["no end", "N", /nested|cut off|it was read/],
  ])("with %s is refused", async (_, body, reason) => {
    expect(await refusalOf(zipped(pickle(body)))).toMatch(reason)
  })

  it("that calls itself through types is refused, however deep", async () => {
    const type = "ctorch._tensor\n_rebuild_from_type_v2\nq\x00"
    const nested = `${type}h\x00N)\x87${"q\x010h\x00Nh\x01\x87".repeat(2000)}R`
    expect(await refusalOf(zipped(pickle(nested)))).toMatch(/describes a tensor wrongly/)
  })

  it("of many values takes little memory and time", async () => {
    expect(await refusalOf(zipped(pickle(`]${"]a".repeat(5_000_000)}`)))).toMatch(/more values than any/)
    expect(await refusalOf(zipped(pickle("(".repeat(4_100_000))))).toMatch(/too deep a stack/)
    const tuple = `(${"K\x01".repeat(100_000)}t`
    const rebuild = "ctorch._utils\n_rebuild_tensor_v2\n"
    const storage = `(${short("storage")}ctorch\nFloatStorage\n${short("0")}${short("cpu")}K\x01tQ`
    expect(await refusalOf(zipped(pickle(`${rebuild}(${storage}K\x00${tuple}${tuple}\x89NtR`)))).toMatch(
      /100000 axes/,
    )
  })

  it("names nothing that a terminal would obey", async () => {
    const message = await refusalOf(zipped(pickle(`${short("\x1b[2Jos")}${short("a\r\nb")}\x93`)))
    expect(message).toContain("\\u001b[2Jos")
    expect(printable("a\u202eb\u0007")).toBe("a\\u202eb\\u0007")
    expect(printable("x".repeat(5000)).length).toBeLessThan(1010)
  })
})

describe("a zip archive", () => {
  it("that would unpack to much more than it has is refused", async () => {
    const zeros = Buffer.alloc(64 << 20)
    const bomb = (name: string) => ({ name, data: zeros, packed: deflateRawSync(zeros), method: 8 })
    expect(await refusalOf(makeZip([bomb("a/data.pkl")]))).toMatch(/times what it has/)
    const tensor = makePickle({
      dict: {
        w: {
          call: "torch._utils _rebuild_tensor_v2",
          args: [
            { storage: ["torch FloatStorage", "0", 16 << 20] },
            0,
            { tuple: [16 << 20] },
            { tuple: [1] },
            false,
            { call: "collections OrderedDict", args: [] },
          ],
        },
      },
    })
    const whole = makeZip([{ name: "a/data.pkl", data: tensor }, bomb("a/data/0")])
    expect(await refusalOf(whole)).toMatch(/a\/data\/0 would unpack to 67108864 bytes, \d+ times what it has/)
  })

  it("whose directory claims too much is refused", async () => {
    const honest = zipped(makePickle({ dict: {} }))
    const changed = (place: number, value: number) => {
      const bytes = Buffer.from(honest)
      bytes.writeUInt32LE(value, bytes.length - 22 + place)
      return bytes
    }
    expect(await refusalOf(changed(12, 0xfffffff0))).toMatch(/beyond the file or is too large/)
    expect(await refusalOf(changed(16, 0xfffffff0))).toMatch(/beyond the file or is too large/)
    expect(await refusalOf(changed(16, 0xffffffff))).toMatch(/zip64 directory is damaged/)
    expect(await refusalOf(changed(8, 0x7fff7fff))).toMatch(/directory is damaged/)
  })
})

describe("a safetensors file", () => {
  const entry = (shape: string, offsets: string) =>
    safetensors(`{"a":{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}}`, Buffer.alloc(16))

  it.each<[string, Buffer, RegExp]>([
    ["negative sizes", entry("[-4]", "[0,16]"), /impossible shape \[-4\]/],
    ["two negative sizes", entry("[-2,-2]", "[0,16]"), /impossible shape/],
    ["sizes that are no numbers", entry('["4"]', "[0,16]"), /impossible shape/],
    ["sizes with fractions", entry("[4.5]", "[0,16]"), /impossible shape/],
    ["sizes beyond all numbers", entry("[1e999]", "[0,16]"), /impossible shape/],
    ["a product beyond all numbers", entry("[9007199254740991,9007199254740991]", "[0,16]"), /does not fit/],
    ["a product that would overflow to 16", entry("[4294967296,4294967297]", "[0,16]"), /does not fit/],
    ["offsets in reverse", entry("[4]", "[16,0]"), /does not fit/],
    ["negative offsets", entry("[4]", "[-16,0]"), /impossible offsets/],
    ["three offsets", entry("[4]", "[0,8,16]"), /impossible offsets/],
    ["offsets beyond the file", entry("[4]", "[16,32]"), /past the end/],
    ["a hole", entry("[2]", "[8,16]"), /a hole before/],
    ["bytes of no tensor", entry("[2]", "[0,8]"), /8 bytes at the end belong to no tensor/],
    ["many axes", entry(`[${Array(100_000).fill(1)}]`, "[0,4]"), /impossible shape \[1,1,/],
    [
      "an unknown type",
      safetensors('{"a":{"dtype":"F4","shape":[],"data_offsets":[0,0]}}'),
      /unknown type "F4"/,
    ],
    [
      "a type of all objects",
      safetensors('{"a":{"dtype":"constructor","shape":[],"data_offsets":[0,0]}}'),
      /unknown/,
    ],
    ["a list as header", safetensors("{}".replace("{}", '{"a":[]}')), /not described by a JSON object/],
    ["metadata of numbers", safetensors('{"__metadata__":{"a":1}}'), /"a" is not a text/],
    ["a name twice, written in two ways", safetensors('{"a":1,"\\u0061":2}'), /names "a" twice/],
    ["lists in lists", safetensors(`{"a":${"[".repeat(3_000_000)}`), /nested without end/],
    ["objects in objects", safetensors('{"a":'.repeat(100)), /nested without end/],
    ["an endless name", safetensors(`{"${"x".repeat(20_000_000)}`), /not JSON/],
    ["a long name", safetensors(`{"${"x".repeat(9_000_000)}":1}`), /x…|not described/],
    [
      "what is no text",
      Buffer.concat([safetensors("{       }").subarray(0, 9), Buffer.alloc(8, 0xff)]),
      /not UTF-8/,
    ],
  ])("with %s is refused", async (_, bytes, reason) => {
    expect(await refusalOf(bytes)).toMatch(reason)
  })

  it("may have tensors of no elements, and names of any kind", async () => {
    const empty = '"__proto__":{"dtype":"F32","shape":[0,9007199254740991],"data_offsets":[0,0]}'
    await writeFile(
      join(work, "empty"),
      safetensors(`{${empty},"":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}`, Buffer.alloc(8)),
    )
    await using opened = await openCheckpoint(join(work, "empty"))
    expect([...opened.names()].sort()).toEqual(["", "__proto__"])
    expect((await opened.read("__proto__")).data.length).toBe(0)
    expect(Object.prototype).not.toHaveProperty("dtype")
  })

  it("of any header is refused, or has tensors of exactly its bytes", async () => {
    const number = fc.oneof(fc.nat(20), fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e300))
    const tensor = fc.record({
      dtype: fc.constantFrom("F32", "F16", "I64", "U8", "X"),
      shape: fc.array(number, { maxLength: 4 }),
      data_offsets: fc.array(number, { minLength: 1, maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), tensor), fc.nat(40), async (header, bytes) => {
        const file = join(work, "any")
        await writeFile(file, safetensors(JSON.stringify(header), Buffer.alloc(bytes)))
        try {
          await using opened = await openCheckpoint(file)
          let total = 0
          for (const name of opened.names()) {
            const { data, shape } = await opened.read(name)
            expect(data.length).toBe(shape.reduce((product, size) => product * size, 1))
            total += opened.entry(name).shape.length >= 0 ? data.length : 0
          }
          expect(total).toBeLessThanOrEqual(bytes)
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw error
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe("a file that is cut", () => {
  it.each<[string, number]>([
    ["zip.pt", 1],
    ["legacy.pt", 1],
    ["nested.pt", 29],
    ["parameters.bin", 29],
    ["torchscript.pt", 29],
    ["sharded/model-00001-of-00002.safetensors", 1],
    ["sharded/model.safetensors.index.json", 1],
  ])("%s is refused at every byte (every %i)", async (name, step) => {
    const folder = join(work, name.replaceAll("/", "-"))
    await cp(join(fixtures, "sharded"), folder, { recursive: true })
    const file = join(folder, "cut.index.json")
    await cp(join(fixtures, name), file)
    const { size } = await stat(file)
    const read: Array<number> = []
    for (let length = size - 1; length >= 0; length -= step) {
      await truncate(file, length)
      if (!(await isRefused(file))) read.push(length)
    }
    expect(read).toEqual([])
  })
})

const isRefused = async (file: string): Promise<boolean> => {
  try {
    await using opened = await openCheckpoint(file)
    for (const name of opened.names()) await opened.read(name)
    return false
  } catch (error) {
    if (error instanceof CheckpointError) return true
    throw error
  }
}

describe("a place", () => {
  it("that is no file is refused at once: a folder, a pipe, a device", async () => {
    await mkdir(join(work, "folder"))
    execFileSync("mkfifo", [join(work, "pipe")])
    await symlink("/dev/zero", join(work, "device"))
    for (const name of ["folder", "pipe", "device"]) {
      expect(await refusal(join(work, name))).toMatch(/it is no file/)
      await expect(readJsonFile(join(work, name))).rejects.toThrow(/it is no file/)
    }
  })

  it("outside of an index's folder is none for a shard, but in the hub's cache", async () => {
    const home = join(work, "home")
    await cp(join(fixtures, "sharded"), home, { recursive: true })
    const linked = join(work, "linked")
    await mkdir(linked)
    const files = [
      "model.safetensors.index.json",
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
    ]
    for (const file of files) await symlink(join(home, file), join(linked, file))
    expect(await refusal(join(linked, files[0] ?? ""))).toBe("it was read")
    await rm(join(linked, files[0] ?? ""))
    await cp(join(home, files[0] ?? ""), join(linked, files[0] ?? ""))
    expect(await refusal(join(linked, files[0] ?? ""))).toMatch(
      /shard model-00001-of-00002\.safetensors is a link that leaves the folder/,
    )
  })

  it.each(["../x.safetensors", "/etc/passwd", "a/../../x", "..", ".", "", "a\\..\\b", "x\u0000", "sub/x"])(
    "that an index names %j is refused",
    async (place) => {
      const index = Buffer.from(JSON.stringify({ weight_map: { a: place } }))
      expect(await refusalOf(index)).toMatch(/which is no file beside it/)
    },
  )
})

describe("readJsonFile", () => {
  const reading = async (content: string, limit?: number): Promise<unknown> => {
    const file = join(work, "config.json")
    await writeFile(file, content)
    return await readJsonFile(file, limit)
  }

  it("refuses what is long, deep, no JSON or says a thing twice, by the file's name", async () => {
    await expect(reading(" ".repeat((1 << 20) + 1), 1)).rejects.toThrow(
      /config\.json is longer than the 1 MiB/,
    )
    await expect(reading("[".repeat(100_000))).rejects.toThrow(/config\.json is nested without end/)
    await expect(reading("{")).rejects.toThrow(/config\.json is not JSON/)
    await expect(reading('{"a":{"b":1,"b":2}}')).rejects.toThrow(/config\.json names "b" twice/)
    expect(await reading('{"a":[1,{"b":"}\\"{"}],"c":null}')).toEqual({ a: [1, { b: '}"{' }], c: null })
  })

  it("reads any JSON that JSON.stringify writes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), async (text) => {
        expect(await reading(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 60 },
    )
  })
})
