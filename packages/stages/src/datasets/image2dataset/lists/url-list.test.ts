import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { StageFailure } from "@diva-pipeline/core"
import { assert, describe, it } from "@effect/vitest"
import { parquetWriteFile } from "hyparquet-writer"
import { makeFolder, options } from "../fixtures/job.ts"
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
