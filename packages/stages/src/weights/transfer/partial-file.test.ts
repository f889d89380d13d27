import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { makeFolder } from "../fixtures/fetching.ts"
import { PartialFile } from "./partial-file.ts"
import { bytesOf, missingOf } from "./ranges.ts"

const SIZE = 64
const content = Buffer.from(Array.from({ length: SIZE }, (_, index) => index + 1))

/** What may happen to a download; a kill leaves it as it is on the disk. */
const step = fc.oneof(
  fc.record({
    does: fc.constant("write" as const),
    start: fc.nat(SIZE - 1),
    length: fc.integer({ min: 1, max: 16 }),
  }),
  fc.constantFrom({ does: "save" as const }, { does: "kill" as const }, { does: "reset" as const }),
)

describe("a partial file", () => {
  it("never takes for there what is not, whatever happens to it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        using folder = makeFolder()
        const file = join(folder.path, "file")
        let partial = await PartialFile.open(file)
        for (const one of steps) {
          if (one.does === "write") {
            const end = Math.min(SIZE, one.start + one.length)
            await partial.writer()(content.subarray(one.start, end), one.start)
          } else if (one.does === "kill") {
            const killed = partial
            partial = await PartialFile.open(file)
            await killed.close()
          } else await partial[one.does]()
          const there = missingOf(partial.missing([0, SIZE]), [0, SIZE])
          assert.strictEqual(bytesOf(there), partial.bytes)
          const onDisk = readFileSync(`${file}.partial`)
          for (const [start, end] of there)
            assert.deepStrictEqual(onDisk.subarray(start, end), content.subarray(start, end))
        }
        await partial.close()
      }),
      { numRuns: 60 },
    )
  })

  it("has after a kill what was saved before it", async () => {
    using folder = makeFolder()
    const killed = await PartialFile.open(join(folder.path, "file"))
    killed.describe("https://host/file?token=abc", SIZE, '"v"')
    await killed.writer()(content.subarray(0, 10), 0)
    await killed.save()
    await killed.writer()(content.subarray(20, 30), 20)
    const partial = await PartialFile.open(join(folder.path, "file"))
    assert.deepStrictEqual(partial.missing([0, SIZE]), [[10, SIZE]])
    assert.strictEqual(partial.size, SIZE)
    assert.strictEqual(partial.validator("https://host/file?token=abc"), '"v"')
    await killed.close()
    await partial.close()
  })

  it("takes nothing more of a response once it has begun anew", async () => {
    using folder = makeFolder()
    const partial = await PartialFile.open(join(folder.path, "file"))
    const stale = partial.writer()
    await stale(content.subarray(0, 10), 0)
    await partial.reset()
    const error = await stale(content.subarray(10, 20), 10).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    assert.instanceOf(error, Error)
    assert.strictEqual(partial.bytes, 0)
    await partial.close()
  })
})
