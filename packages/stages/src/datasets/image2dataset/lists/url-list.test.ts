import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { StageFailure } from "@diva-pipeline/core"
import { assert, describe, it } from "@effect/vitest"
import { parquetWriteFile } from "hyparquet-writer"
import { send, startServer } from "../../../network/fixtures/faulty-server.ts"
import { makeFolder, options } from "../fixtures/job.ts"
import { readShards } from "./list-rows.ts"
import { surveyList } from "./survey.ts"
import { openUrlList, readRows } from "./url-list.ts"

const open = (path: string) => openUrlList(path, undefined, "nowhere")

const rowsOf = async (path: string, columns: ReadonlyArray<string> = []) => {
  const rows = []
  for (const file of (await open(path)).files)
    for await (const batch of readRows(file, columns)) rows.push(...batch.map((row) => ({ ...row })))
  return rows
}

const failureOf = async (run: () => Promise<unknown>): Promise<StageFailure> => {
  const failure = await run().catch((cause: unknown) => cause)
  if (failure instanceof StageFailure) return failure
  throw new Error(`not a failure of the stage: ${String(failure)}`)
}

const expected = [
  { url: "http://a/1.jpg", caption: 'one, "quoted"', score: "1.5" },
  { url: "b/2.jpg", caption: "zwei\nlines", score: "2" },
]
const csv = 'url,caption,score\r\nhttp://a/1.jpg,"one, ""quoted""",1.5\r\nb/2.jpg,"zwei\nlines",2\r\n'
const tsv = 'url\tcaption\tscore\nhttp://a/1.jpg\t"one, ""quoted"""\t1.5\nb/2.jpg\t"zwei\nlines"\t2\n'

describe("lists of URLs", () => {
  it("are read from every format, compressed or not", async () => {
    using folder = makeFolder()
    const files: Readonly<Record<string, string>> = {
      "a.csv": `\ufeff${csv}`,
      "a.tsv": tsv,
      "a.json": JSON.stringify(expected),
      "a.jsonl": `${expected.map((row) => JSON.stringify(row)).join("\n")}\n\n`,
    }
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder.path, name), text)
      await writeFile(join(folder.path, `${name}.gz`), gzipSync(text))
      assert.deepStrictEqual(await rowsOf(join(folder.path, name)), expected, name)
      assert.deepStrictEqual(await rowsOf(join(folder.path, `${name}.gz`)), expected, `${name}.gz`)
    }
    await writeFile(join(folder.path, "a.txt"), "http://a/1.jpg\r\n\r\n  b/2.jpg \n")
    assert.deepStrictEqual(await rowsOf(join(folder.path, "a.txt")), [
      { url: "http://a/1.jpg" },
      { url: "b/2.jpg" },
    ])
    const parquet = join(folder.path, "a.parquet")
    parquetWriteFile({
      filename: parquet,
      columnData: [
        { name: "url", data: ["u1", "u2", "u3"], type: "STRING" },
        { name: "id", data: [1n, null, 3n], type: "INT64" },
      ],
      rowGroupSize: 2,
    })
    assert.deepStrictEqual(await rowsOf(parquet, ["url", "id"]), [
      { url: "u1", id: 1n },
      { url: "u2", id: null },
      { url: "u3", id: 3n },
    ])
  })

  it("may lack the line of names, as CC3M's does", async () => {
    using folder = makeFolder()
    const file = join(folder.path, "Train_GCC-training.tsv")
    await writeFile(
      file,
      'a "very typical bus station\thttp://a/1.jpg\nsierra looked " stunning "\thttp://b/2\n',
    )
    const rows = []
    for (const part of (await open(file)).files)
      for await (const batch of readRows({ ...part, names: ["caption", "url"] }, [])) rows.push(...batch)
    assert.deepStrictEqual(
      rows.map((row) => ({ ...row })),
      [
        { caption: 'a "very typical bus station', url: "http://a/1.jpg" },
        { caption: 'sierra looked " stunning "', url: "http://b/2" },
      ],
    )
  })

  it("of JSON are cut where the pieces of the file end, not where JSON does", async () => {
    using folder = makeFolder()
    const file = join(folder.path, "list.json")
    const list = Array.from({ length: 4000 }, (_, index) => ({
      url: `http://a/${"x".repeat(index % 97)}`,
      caption: `[{"\\,] ${index} \u00e9`,
    }))
    await writeFile(file, JSON.stringify(list))
    assert.deepStrictEqual(await rowsOf(file), list)
    await writeFile(file, JSON.stringify(list).slice(0, -1))
    const failure = await failureOf(() => rowsOf(file))
    assert.match(failure.message, /the array does not end/)
  })

  it("of a folder are taken one after the other, each with shards of its own", async () => {
    using folder = makeFolder()
    const lists = join(folder.path, "lists")
    await mkdir(lists)
    for (const [name, count] of [
      ["b.txt", 7],
      ["a.txt", 5],
    ] as const)
      await writeFile(
        join(lists, name),
        Array.from({ length: count }, (_, at) => `http://${name}/${at}\n`).join(""),
      )
    const shards = []
    for await (const { number, urls } of readShards(await open(lists), options({ numberSamplePerShard: 4 })))
      shards.push([number, urls.length, urls[0]?.url])
    assert.deepStrictEqual(shards, [
      [0, 4, "http://a.txt/0"],
      [1, 1, "http://a.txt/4"],
      [2, 4, "http://b.txt/0"],
      [3, 3, "http://b.txt/4"],
    ])
  })

  it("may be at an address", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/list.csv": send("url,caption\nhttp://a/1,one\n") })
    const { files } = await openUrlList(`${server.url}/list.csv?x=1`, undefined, folder.path)
    const [file] = files
    assert.isDefined(file)
    const rows = []
    for await (const batch of readRows(file, [])) rows.push(...batch.map((row) => ({ ...row })))
    assert.deepStrictEqual(rows, [{ url: "http://a/1", caption: "one" }])
    const failure = await failureOf(() => openUrlList(`${server.url}/none.csv`, undefined, folder.path))
    assert.match(failure.message, /answered 404/)
  })

  it("tell their size and the types of their columns", async () => {
    using folder = makeFolder()
    const file = join(folder.path, "list.csv")
    await writeFile(file, "url,a,b,c,d,e\nhttp://x,1,1,true,,007\ny,2,2.5,False,,1\n")
    const survey = await surveyList(
      await open(file),
      options({ saveAdditionalColumns: ["a", "b", "c", "d", "e"] }),
    )
    assert.strictEqual(survey.rows, 2)
    assert.isTrue(survey.hasRelative)
    assert.deepStrictEqual(survey.additionalTypes, ["INT64", "DOUBLE", "BOOLEAN", "STRING", "DOUBLE"])
  })

  it("that are wrong are refused with the file, the place and what to do", async () => {
    using folder = makeFolder()
    const list = async (name: string, text: string | Uint8Array) => {
      await writeFile(join(folder.path, name), text)
      return open(join(folder.path, name))
    }
    const survey = async (name: string, text: string | Uint8Array, changes = {}) =>
      failureOf(async () => surveyList(await list(name, text), options(changes)))

    const column = await survey("a.csv", "URL,text\nhttp://x,y\n")
    assert.match(column.message, /has no column "url"/)
    assert.strictEqual(column.hint, "did you mean `URL`?")
    assert.match((await survey("b.csv", "url\n")).message, /has no URLs/)
    assert.match((await survey("b.csv", "url,a\nx,y,z\n")).message, /cannot be read as csv: .*line 2/)
    assert.match((await survey("c.jsonl", '{"url":"x"}\n{"url":\n')).message, /line 2 .* is not JSON/)
    assert.match((await survey("d.jsonl", "[1]\n3\n")).message, /is no object/)
    assert.match((await survey("e.json", "{}")).message, /no array/)
    assert.match((await survey("f.csv.gz", "not compressed")).message, /cannot be read as csv/)
    assert.match((await survey("g.parquet", "PAR1 no parquet")).message, /cannot be read as parquet/)
    assert.match((await failureOf(() => list("h.xlsx", ""))).message, /format .* is not known/)
    assert.match((await failureOf(() => open(join(folder.path, "none.csv")))).message, /does not exist/)
  })
})
