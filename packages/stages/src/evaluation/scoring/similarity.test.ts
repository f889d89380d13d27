import { beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../../randomness/index.ts"
import { loadBackend } from "../../tensor/index.ts"
import { similarityBlocks } from "./similarity.ts"

beforeAll(() => loadBackend("cpu"))

describe("similarities", () => {
  it("are the scaled scalar products of rows, in blocks of any size", () => {
    const stream = RandomStream.named(1, "similarities")
    const rows = { values: stream.normals(5 * 3), count: 5, width: 3 }
    const columns = { values: stream.normals(4 * 3), count: 4, width: 3 }
    for (const cells of [1, 8, 100]) {
      const seen: Array<number> = []
      similarityBlocks(
        rows,
        columns,
        (block, start) => {
          expect(start * 4).toBe(seen.length)
          expect(block.length).toBeLessThanOrEqual(Math.max(4, cells))
          seen.push(...block)
        },
        { scale: 2, cells },
      )
      expect(seen).toHaveLength(20)
      seen.forEach((value, cell) => {
        let sum = 0
        for (let d = 0; d < 3; d++)
          sum += (rows.values[Math.floor(cell / 4) * 3 + d] ?? 0) * (columns.values[(cell % 4) * 3 + d] ?? 0)
        expect(value).toBeCloseTo(2 * sum, 5)
      })
    }
  })
})
