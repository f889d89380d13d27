import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { textOf } from "../../formats/index.ts"
import { send, startServer } from "../../network/fixtures/faulty-server.ts"
import { makeFolder, picture, readParquet, run, samplesOf } from "./fixtures/job.ts"

const image = await picture(40, 30)
const columns = ["tags", "sizes", "boxes", "mixed", "either"]
const rows = [
  { tags: ["a", "1"], sizes: [1, 2], boxes: [[0.5, 0.25]], mixed: [1.5], either: ["x"] },
  { tags: [], sizes: [], boxes: [], mixed: [2], either: "y" },
  { tags: null, sizes: [3, null], boxes: null, mixed: null, either: null },
]

describe("columns of lists", () => {
  it("stay lists in tables and in JSON, as in img2dataset's", async () => {
    using folder = makeFolder()
    await using server = await startServer({ "/": send(image) })
    const list = join(folder.path, "list.jsonl")
    const lines = rows.map((row, index) => JSON.stringify({ url: `${server.url}/${index}`, ...row }))
    await writeFile(list, lines.join("\n"))
    const { exit, shards } = await run(folder.path, list, { saveAdditionalColumns: columns })
    assert.isTrue(Exit.isSuccess(exit), String(exit))
    const table = await readParquet(join(shards, "00000.parquet"))
    assert.deepStrictEqual(
      // What has no list is undefined to this reader.
      table.rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null]))),
      [
        { tags: ["a", "1"], sizes: [1n, 2n], boxes: [[0.5, 0.25]], mixed: [1.5], either: '["x"]' },
        { tags: [], sizes: [], boxes: [], mixed: [2], either: "y" },
        { tags: null, sizes: [3n, null], boxes: null, mixed: null, either: null },
      ],
    )
    const [sample] = await samplesOf(join(shards, "00000.tar"))
    assert.isDefined(sample)
    const json: unknown = JSON.parse(textOf(sample, "json") ?? "")
    assert.deepInclude(json, { tags: ["a", "1"], sizes: [1, 2], boxes: [[0.5, 0.25]], mixed: [1.5] })
    assert.include(textOf(sample, "json"), '"tags": [\n        "a",\n        "1"\n    ],')
  })
})
