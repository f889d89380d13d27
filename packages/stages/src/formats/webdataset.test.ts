import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { type Header, pack } from "tar-stream"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import {
  imageOf,
  readBenchmarkSamples,
  readSamples,
  type Sample,
  textOf,
  writeBenchmarkSamples,
  writeShards,
} from "./index.ts"

let folder = ""
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "webdataset-"))
})
afterEach(() => rm(folder, { recursive: true }))

const sample = (key: string, files: Readonly<Record<string, string>>): Sample => ({
  key,
  files: new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
})

const numbered = (count: number): ReadonlyArray<Sample> =>
  Array.from({ length: count }, (_, index) => sample(`k${index}`, { txt: `text ${index}`, cls: `${index}` }))

const collect = async (samples: AsyncIterable<Sample>): Promise<ReadonlyArray<Sample>> => {
  const collected: Array<Sample> = []
  for await (const sample of samples) collected.push(sample)
  return collected
}

const readAll = async (source: string): Promise<ReadonlyArray<Sample>> => collect(readSamples(source))

const plain = (samples: ReadonlyArray<Sample>) =>
  samples.map(({ key, files }) => [
    key,
    [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString("hex")]),
  ])

describe("shards", () => {
  it("come back as they were written", async () => {
    const part = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
    const contents = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,4}(\.[a-z]{1,3})?$/),
      fc.uint8Array({ maxLength: 1500 }),
      {
        minKeys: 1,
        maxKeys: 3,
      },
    )
    const samples = fc.uniqueArray(fc.record({ key: part, files: contents }), {
      selector: ({ key }) => key,
      maxLength: 9,
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(samples, fc.integer({ min: 1, max: 4 }), async (drawn, samplesPerShard) => {
        const written = drawn.map(({ key, files }) => ({ key, files: new Map(Object.entries(files)) }))
        const target = join(folder, String(run++))
        const result = await writeShards(target, written, { samplesPerShard })
        expect(result.samples).toBe(written.length)
        expect(result.shards.length).toBe(Math.max(1, Math.ceil(written.length / samplesPerShard)))
        expect(plain(await readAll(target))).toEqual(plain(written))
      }),
      { numRuns: 40 },
    )
  })

  it("have the same bytes every time", async () => {
    await writeShards(join(folder, "a"), numbered(5), { samplesPerShard: 2 })
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await writeShards(join(folder, "b"), numbered(5), { samplesPerShard: 2 })
    const names = await readdir(join(folder, "a"))
    expect(names).toEqual(["00000.tar", "00001.tar", "00002.tar"])
    for (const name of names)
      expect(await readFile(join(folder, "a", name))).toEqual(await readFile(join(folder, "b", name)))
  })

  it("are read in the order of their numbers", async () => {
    await writeShards(folder, numbered(12), { samplesPerShard: 1, digits: 1, prefix: "part-" })
    expect((await readAll(folder)).map(({ key }) => key)).toEqual(numbered(12).map(({ key }) => key))
  })

  it("of img2dataset are read", async () => {
    const shards = join(import.meta.dirname, "../../../../test/fixtures/img2dataset/csv_wds")
    const [first] = await readAll(join(shards, "00000.tar"))
    expect([...(first?.files.keys() ?? [])]).toEqual(["jpg", "json", "txt"])
    expect(first && imageOf(first)?.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
  })

  it("tell when they cannot be written", async () => {
    const file = join(folder, "a file")
    await writeFile(file, "")
    await expect(writeShards(file, numbered(1), { samplesPerShard: 1 })).rejects.toThrow()
  })
})

describe("other sources", () => {
  it("a folder of images, with texts of the same name", async () => {
    await mkdir(join(folder, "sub"))
    for (const name of ["b.v2.jpg", "b.v2.txt", "a.PNG", "sub/c.webp", "urls.csv", ".hidden.png"])
      await writeFile(join(folder, name), name)
    const samples = await readAll(folder)
    expect(samples.map(({ key, files }) => [key, [...files.keys()]])).toEqual([
      ["a", ["png"]],
      ["b.v2", ["jpg", "txt"]],
      ["sub/c", ["webp"]],
    ])
    expect(samples[1] && textOf(samples[1], "txt")).toBe("b.v2.txt")
  })

  it("a benchmark folder", async () => {
    await writeBenchmarkSamples(folder, numbered(5), 2)
    expect(await readFile(join(folder, "test", "nshards.txt"), "utf8")).toBe("3\n")
    expect((await collect(readBenchmarkSamples(folder))).length).toBe(5)
    expect((await collect(readBenchmarkSamples(join(folder, "test")))).length).toBe(5)
  })

  it.each(["", "missing"])("nothing at %j is said plainly", async (name) => {
    await expect(readAll(join(folder, name))).rejects.toMatchObject({
      _tag: "StageFailure",
      reason: "permanent",
    })
  })
})

const writeArchive = async (
  ...members: ReadonlyArray<readonly [Partial<Header> & { name: string }, string]>
) => {
  const archive = pack()
  for (const [header, text] of members) archive.entry(header, text)
  archive.finalize()
  const file = join(folder, "hostile.tar")
  const chunks: Array<Uint8Array> = []
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk)
  await writeFile(file, Buffer.concat(chunks))
  return file
}

/** Changes the size that the header of an archive's first member states, with its checksum. */
const pretendSize = async (file: string, octal: string) => {
  const bytes = await readFile(file)
  bytes.write(octal, 124, "latin1")
  bytes.fill(0x20, 148, 156)
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  await writeFile(file, bytes)
}

describe("hostile archives", () => {
  it.each([
    ["../../etc/passwd.txt", "leads out"],
    ["a/../../b.txt", "leads out"],
    ["..\\b.txt", "leads out"],
    ["/etc/passwd.txt", "absolute"],
    ["C:\\b.txt", "absolute"],
  ])("are refused for the name %s", async (name, reason) => {
    const file = await writeArchive([{ name: "fine.txt" }, "x"], [{ name }, "x"])
    const failure = await readAll(file).catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ reason: "permanent", file })
    expect(String(failure)).toContain(file)
    expect(String(failure)).toContain(JSON.stringify(name))
    expect(String(failure)).toContain(reason)
  })

  it.each(["symlink", "link", "character-device", "block-device", "fifo"] as const)(
    "are refused for a %s",
    async (type) => {
      const file = await writeArchive([{ name: "a.txt", type, linkname: "/etc/passwd" }, ""])
      await expect(readAll(file)).rejects.toThrow(new RegExp(`"a.txt": it is a ${type}`))
    },
  )

  it.each(["77777777777", "00000003777"])("are refused for a size that isn't there (%s)", async (octal) => {
    const file = await writeArchive([{ name: "a.txt" }, "x"])
    await pretendSize(file, octal)
    const failure = await readAll(file).catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ reason: "permanent", file })
  })

  it("are refused for too many or too large members", async () => {
    const file = await writeArchive([{ name: "a.txt" }, "12345"], [{ name: "b.txt" }, "x"])
    await expect(collect(readSamples(file, { memberBytes: 100, members: 1 }))).rejects.toThrow(/more than 1/)
    await expect(collect(readSamples(file, { memberBytes: 4, members: 9 }))).rejects.toThrow(
      /"a.txt".*5 bytes/,
    )
  })

  it("are refused for one name twice in a sample", async () => {
    const file = await writeArchive([{ name: "a.txt" }, "1"], [{ name: "a.TXT" }, "2"])
    await expect(readAll(file)).rejects.toThrow(/twice/)
  })

  it("are refused when damaged, cut short or no archive", async () => {
    const file = await writeArchive([{ name: "a.txt" }, "x".repeat(5000)])
    const whole = await readFile(file)
    await writeFile(file, whole.subarray(0, 2000))
    await expect(readAll(file)).rejects.toThrow(/cannot be read|refused/)
    await writeFile(file, Buffer.alloc(2048, "garbage"))
    await expect(readAll(file)).rejects.toThrow(/cannot be read/)
  })

  it("may hold folders, hidden files and files without extension, which are passed over", async () => {
    const file = await writeArchive(
      [{ name: "d", type: "directory" }, ""],
      [{ name: "d/.hidden" }, "x"],
      [{ name: "README" }, "x"],
      [{ name: "d/a.seg.png" }, "x"],
    )
    expect(plain(await readAll(file))).toEqual([["d/a", [["seg.png", "78"]]]])
  })
})
