import { createHash } from "node:crypto"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { makeFolder } from "./fixtures/job.ts"
import { SeenDigests } from "./seen-digests.ts"

const digestOf = (number: number): Buffer => createHash("sha1").update(String(number)).digest()

describe.each([
  ["in memory", undefined],
  ["on disk", 0],
] as const)("digests %s", (_, memory) => {
  it("are new the first time, and only then", () => {
    using folder = makeFolder()
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 500 }), (numbers) => {
        const seen = new SeenDigests(301, join(folder.path, "seen"), memory)
        const before = new Set<number>()
        for (const number of numbers) {
          assert.strictEqual(seen.add(digestOf(number)), !before.has(number))
          before.add(number)
        }
        seen.close()
      }),
      { numRuns: 30 },
    )
  })

  it("may be zeros, and more than will come", () => {
    using folder = makeFolder()
    const seen = new SeenDigests(1, join(folder.path, "seen"), memory)
    assert.isTrue(seen.add(Buffer.alloc(8)))
    assert.isFalse(seen.add(Buffer.alloc(8)))
    seen.close()
  })
})
