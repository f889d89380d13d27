import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeFetcher } from "./fetch/index.ts"
import { makeFolder, options, picture } from "./fixtures/job.ts"
import { ImagePool } from "./images/index.ts"
import { SampleMaker } from "./sample-maker.ts"

describe("making a sample", () => {
  it("tells when the download is over, before the image is made", async () => {
    using folder = makeFolder()
    writeFileSync(join(folder.path, "a.jpg"), await picture(80, 60))
    const told: Array<string> = []
    const make = async (maker: SampleMaker, url: string, isDuplicate = false) => {
      const row = { url, caption: null, expectedHash: undefined, additional: [], isDuplicate }
      const { record } = await maker.make({ key: "0", row, earlier: undefined }, () => told.push("over"))
      told.push(record.status)
    }
    const pool = new ImagePool(options(), 1)
    await Effect.gen(function* () {
      const fetcher = yield* makeFetcher(options(), { folder: folder.path })
      const maker = new SampleMaker(fetcher, pool, options())
      yield* Effect.promise(() => make(maker, "a.jpg"))
      yield* Effect.promise(() => make(maker, "b.jpg"))
      yield* Effect.promise(() => make(maker, "a.jpg", true))
    }).pipe(Effect.scoped, Effect.runPromise)
    await pool.close()
    assert.deepStrictEqual(told, [
      "over",
      "success",
      "over",
      "failed_to_download",
      "over",
      "failed_to_resize",
    ])
  })
})
