import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { picture } from "../../packages/stages/src/datasets/image2dataset/fixtures/job.ts"
import {
  type FaultyServer,
  send,
  startServer,
} from "../../packages/stages/src/network/fixtures/faulty-server.ts"
import { makeFolder, removeFolder, run, start } from "./command.ts"

const image = await picture(120, 90)
let folder: string
let server: FaultyServer
/** Paths that are answered with an error for now. */
let absent: Set<string>
/** Milliseconds that an answer takes. */
let delay: number
/** What some pictures are, and how long they take, beyond that. */
let answer: (index: number) => Buffer | undefined
let slow: (index: number) => number

beforeEach(async () => {
  folder = makeFolder()
  absent = new Set()
  delay = 0
  answer = () => undefined
  slow = () => 0
  server = await startServer({
    "/": (request, response, count) => {
      const index = Number.parseInt(request.url?.slice(1) ?? "", 10)
      const body = answer(index) ?? image
      if (absent.has(request.url ?? "")) response.writeHead(404).end()
      else setTimeout(() => send(body)(request, response, count), delay + slow(index))
    },
  })
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  removeFolder(folder)
})

const path = (index: number): string => `/${index}.jpg`

const writeList = (indexes: ReadonlyArray<number>): void =>
  writeFileSync(
    join(folder, "list.csv"),
    ["url,caption,id", ...indexes.map((index) => `${server.url}${path(index)},"nr ${index}",${index}`)].join(
      "\n",
    ),
  )

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from }, (_, index) => from + index)

const args = (output: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> => [
  "image2dataset",
  "list.csv",
  "--output_folder",
  output,
  "--image_size=48",
  "--caption_col=caption",
  "--save_additional_columns=['id']",
  "--number_sample_per_shard",
  "10",
  "--allow-private-addresses",
  "--retries=0",
  ...more,
]

/** The digest of each file, but for what tells times. */
const digests = (output: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, output), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !/_stats\.json$|summary\.|\.image2dataset/.test(file))
      .map((file): [string, string] => [
        file.slice(join(folder, output).length + 1),
        createHash("sha256").update(readFileSync(file)).digest("hex"),
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

const succeed = async (given: ReadonlyArray<string>) => {
  const ended = await run(folder, given)
  expect(ended.code, ended.stderr).toBe(0)
  return ended
}

describe("image2dataset", () => {
  test("takes img2dataset's arguments, tells how it went, and finds nothing to do the second time", async () => {
    writeList(range(0, 25))
    absent.add(path(7))
    const first = await succeed(
      args("out", "--output_format=webdataset", "--extract_exif=False", "--compute_hash=md5"),
    )
    expect(first.stdout).toContain(
      "total   - success: 0.960 - failed to download: 0.040 - failed to resize: 0.000",
    )
    expect(first.stdout).toContain("count: 25")
    expect(first.stdout).toMatch(/1 {2}HTTP Error 404: Not Found/)
    expect(readdirSync(join(folder, "out")).filter((name) => /^00002/.test(name))).toEqual([
      "00002.parquet",
      "00002.tar",
      "00002_stats.json",
    ])
    const stats: object = JSON.parse(readFileSync(join(folder, "out", "00000_stats.json"), "utf8"))
    expect(Object.keys(stats)).toEqual([
      "count",
      "successes",
      "failed_to_download",
      "failed_to_resize",
      "duration",
      "start_time",
      "end_time",
      "status_dict",
    ])
    expect(readFileSync(join(folder, "out", "summary.html"), "utf8")).toContain("24 of 25 images came")
    const requests = server.requests.length
    const again = await succeed(
      args("out", "--output_format=webdataset", "--extract_exif=False", "--compute_hash=md5"),
    )
    expect(again.stdout).toContain("nothing to do")
    expect(server.requests.length).toBe(requests)
  })

  test("refuses what it cannot do, in one message", async () => {
    writeList([1])
    const cases = [
      [["--distributor=pyspark"], "--split 1/N"],
      [["--resize_mode=none"], "resize_mode"],
      [["--split=9/8"], "--split is no share"],
      [["--verify_hash=['x','md5']"], "must be the same but got md5 and sha256"],
      [["--save_additional_columns=['url2']"], "did you mean `url`"],
      [["--encode_format=png", "--encode_quality=95"], "0 to 9"],
    ] as const
    for (const [flags, words] of cases) {
      const { code, stderr } = await run(folder, [...args("out"), ...flags])
      expect(code, stderr).not.toBe(0)
      expect(stderr).toContain(words)
      expect(stderr).not.toMatch(/^\s+at /m)
    }
  })

  test.each(["webdataset", "files", "parquet", "tfrecord"])(
    "tries failed URLs again without the others, in the format %s",
    async (format) => {
      writeList(range(0, 25))
      for (const index of [3, 4, 21]) absent.add(path(index))
      await succeed(args("out", `--output_format=${format}`))
      absent.clear()
      const before = server.requests.length
      const again = await succeed(args("out", `--output_format=${format}`, "--incremental_mode=retry"))
      expect(server.requests.slice(before).map((request) => request.path)).toEqual([3, 4, 21].map(path))
      expect(again.stdout).toContain("success: 1.000")
      await succeed(args("fresh", `--output_format=${format}`))
      expect(digests("out")).toEqual(digests("fresh"))
    },
  )

  test("that is killed in the middle of a shard goes on, with the bytes of an undisturbed run", async () => {
    writeList(range(0, 100))
    delay = 30
    const slow = args("out", "--output_format=webdataset", "--thread_count=8")
    const killed = start(folder, slow)
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (existsSync(join(folder, "out", "00003_stats.json"))) break
    }
    killed.process.kill("SIGKILL")
    await killed.ended
    const made = readdirSync(join(folder, "out", ".image2dataset")).filter((name) => /^\d+\.json$/.test(name))
    expect(made.length).toBeLessThan(10)
    const before = server.requests.length
    const again = await succeed(slow)
    expect(again.stdout).toContain(`${made.length} kept`)
    expect(server.requests.length - before).toBe(100 - 10 * made.length)
    await succeed(args("fresh", "--output_format=webdataset"))
    expect(digests("out")).toEqual(digests("fresh"))
  })

  test("downloads only what a list has more, wherever that stands", async () => {
    writeList(range(0, 25))
    await succeed(args("out", "--output_format=webdataset"))
    const before = server.requests.length
    writeList([...range(100, 103), ...range(0, 12), 200, ...range(12, 25), ...range(300, 308)])
    await succeed(args("out", "--output_format=webdataset"))
    const asked = server.requests.slice(before).map((request) => request.path)
    expect(asked.sort()).toEqual([100, 101, 102, 200, ...range(300, 308)].map(path).sort())
    await succeed(args("fresh", "--output_format=webdataset"))
    expect(digests("out")).toEqual(digests("fresh"))
    // What the list has no longer is not thrown away unasked.
    writeList(range(0, 5))
    const shorter = await succeed(args("out", "--output_format=webdataset"))
    expect(shorter.stderr).toContain("00001, 00002, 00003")
    writeList(range(1000, 1005))
    const other = await run(folder, args("out", "--output_format=webdataset"))
    expect(other.stderr).toContain("was made from another list")
  })

  test("leaves out what the list has before, by URL or by content, and gives the same bytes in any order", async () => {
    const others = await Promise.all([1, 2].map((red) => picture(120, 90, "jpeg", red * 40)))
    answer = (index) => (index % 10 < 2 ? (others[index % 10] ?? image) : undefined)
    // 0 and 1 are other pictures, and so are 10 and 11; everything else is the same picture.
    const indexes = [5, 0, 1, 0, 5, 7, 1, 8, 10, 20, 11, 0, 9, ...range(2, 8)]
    writeList(indexes)
    const out = (name: string, kind: string) =>
      args(name, "--output_format=webdataset", `--skip_duplicates=${kind}`)
    const reasons = (name: string): unknown =>
      JSON.parse(readFileSync(join(folder, name, "summary.json"), "utf8")).reasons
    await succeed(out("urls", "url"))
    expect(reasons("urls")).toEqual({ "duplicate URL": 6 })
    expect(server.requests.length).toBe(13)
    await succeed(out("images", "content"))
    expect(reasons("images")).toEqual({ "duplicate URL": 6, "duplicate of another image": 10 })
    // The first of the list stays, whichever comes first.
    slow = (index) => (index === 5 ? 300 : 0)
    await succeed(out("slow", "content"))
    expect(digests("slow")).toEqual(digests("images"))
    // The list's first image goes, and another of its bytes takes its place.
    writeList([...indexes.filter((index) => index !== 5), 30])
    await succeed(out("images", "content"))
    await succeed(out("fresh", "content"))
    expect(digests("images")).toEqual(digests("fresh"))
  })

  test("notices other options, and makes anew or more only when told", async () => {
    writeList(range(0, 15))
    await succeed(args("out", "--output_format=webdataset"))
    const other = await run(folder, args("out", "--output_format=webdataset", "--image_size=32"))
    expect(other.code).toBe(1)
    expect(other.stderr).toContain("image_size 48 → 32")
    writeFileSync(join(folder, "out", "notes.txt"), "mine")
    const overwritten = args(
      "out",
      "--output_format=webdataset",
      "--image_size=32",
      "--incremental_mode=overwrite",
    )
    await succeed(overwritten)
    expect(readFileSync(join(folder, "out", "notes.txt"), "utf8")).toBe("mine")
    rmSync(join(folder, "out", "notes.txt"))
    await succeed(args("out", "--output_format=webdataset", "--image_size=32", "--incremental_mode=extend"))
    const names = Object.keys(digests("out")).filter((name) => name.endsWith(".tar"))
    expect(names).toEqual(["00000.tar", "00001.tar", "00002.tar", "00003.tar"])
  })

  test("shares a list among machines", async () => {
    writeList(range(0, 45))
    await succeed(args("out", "--output_format=webdataset", "--split=1/2"))
    await succeed(args("out", "--output_format=webdataset", "--split=2/2"))
    expect(server.requests.length).toBe(45)
    await succeed(args("whole", "--output_format=webdataset"))
    expect(digests("out")).toEqual(digests("whole"))
  })

  test("says that a disk is full, keeps what is whole, and goes on with room again", async () => {
    const disk = join(folder, "disk")
    mkdirSync(disk)
    // Mounting is root's alone.
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=600k", "none", disk]).status !== 0) return
    try {
      writeList(range(0, 150))
      const noisy = args("disk/out", "--output_format=webdataset", "--disable_all_reencoding=True")
      const full = await run(folder, noisy)
      expect(full.code).toBe(1)
      expect(full.stderr).toMatch(/the disk is full/)
      expect(full.stderr).not.toMatch(/^\s+at /m)
      spawnSync("mount", ["-o", "remount,size=50m", disk])
      const before = server.requests.length
      await succeed(noisy)
      expect(server.requests.length - before).toBeLessThan(150)
      await succeed(args("fresh", "--output_format=webdataset", "--disable_all_reencoding"))
      expect(digests("disk/out")).toEqual(digests("fresh"))
    } finally {
      spawnSync("umount", [disk])
    }
  })
})
