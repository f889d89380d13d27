import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { textOf } from "../../formats/index.ts"
import { type Route, send, startServer } from "../../network/fixtures/faulty-server.ts"
import { makeFolder, picture, readParquet, run, samplesOf, writeList } from "./fixtures/job.ts"

/** Outputs of img2dataset 1.47.0 itself. */
const fixtures = join(import.meta.dirname, "../../../../../test/fixtures/img2dataset")

const csvOptions = {
  captionCol: "caption",
  saveAdditionalColumns: ["id"],
  resizeMode: "border",
  imageSize: 64,
} as const

describe("the layout of img2dataset", () => {
  it("is kept: files, members, keys, columns and their types, JSON", async () => {
    using folder = makeFolder()
    const theirs = await readParquet(join(fixtures, "csv_wds/00000.parquet"))
    // The same sizes under the same paths make the same metadata.
    const routes: Record<string, Route> = {}
    for (const row of theirs.rows)
      routes[new URL(String(row.url)).pathname] = send(
        await picture(Number(row.original_width), Number(row.original_height)),
      )
    await using server = await startServer(routes)
    const urls = Array.from({ length: 10 }, (_, id) => {
      const row = theirs.rows.find((other) => Number(other.id) === id)
      return `${server.url}${new URL(String(row?.url)).pathname}`
    })
    const outcome = await run(folder.path, await writeList(folder.path, urls), csvOptions)
    assert.isTrue(Exit.isSuccess(outcome.exit))

    const ours = await readParquet(join(outcome.shards, "00000.parquet"))
    assert.deepStrictEqual(ours.columns, theirs.columns)
    const comparable = (rows: typeof ours.rows) =>
      rows
        .map(({ url, sha256, caption, ...row }) => ({ ...row, path: new URL(String(url)).pathname }))
        .sort((a, b) => (JSON.stringify(a.path) < JSON.stringify(b.path) ? -1 : 1))
    assert.deepStrictEqual(comparable(ours.rows), comparable(theirs.rows))

    const [ourSample] = await samplesOf(join(outcome.shards, "00000.tar"))
    const theirSamples = await samplesOf(join(fixtures, "csv_wds/00000.tar"))
    const theirSample = theirSamples.find(({ key }) => key === ourSample?.key)
    assert.deepStrictEqual([...(ourSample?.files.keys() ?? [])], [...(theirSample?.files.keys() ?? [])])
    const lines = (json: string | undefined) =>
      json?.replace(/"(url|caption|sha256)": "[^\n]*"/g, '"$1": ""').split("\n")
    assert.isDefined(ourSample)
    assert.isDefined(theirSample)
    assert.deepStrictEqual(lines(textOf(ourSample, "json")), lines(textOf(theirSample, "json")))
    assert.include(textOf(ourSample, "json"), '"nr 0, \\u00e9"')
    assert.strictEqual(textOf(ourSample, "txt"), "nr 0, é")

    const stats: object = JSON.parse(await readFile(join(outcome.shards, "00000_stats.json"), "utf8"))
    const { duration, start_time, end_time, ...kept } = JSON.parse(
      await readFile(join(fixtures, "csv_wds/00000_stats.json"), "utf8"),
    )
    assert.strictEqual(JSON.stringify(stats), JSON.stringify(kept))
  })

  it("is kept for lists without captions and with failures", async () => {
    using folder = makeFolder()
    const theirs = await readParquet(join(fixtures, "probe/00000.parquet"))
    await using server = await startServer({ "/good": send(await picture(90, 70)) })
    const list = await writeList(folder.path, [`${server.url}/good`, `${server.url}/bad`])
    const outcome = await run(folder.path, list, { captionCol: "caption", numberSamplePerShard: 1000 })
    const ours = await readParquet(join(outcome.shards, "00000.parquet"))
    assert.deepStrictEqual(
      ours.columns,
      theirs.columns.filter(({ name }) => name !== "id"),
    )
    const failed = theirs.rows.find((row) => row.error_message === "HTTP Error 404: Not Found")
    const { id, url, key, caption, ...expected } = failed ?? {}
    const { url: _, key: ourKey, caption: __, ...found } = ours.rows[1] ?? {}
    assert.deepStrictEqual(found, expected)
    assert.strictEqual(ourKey, "00000001")
  })
})
