import { beforeAll, describe, expect, it } from "vitest"
import { RandomStream } from "../randomness/index.ts"
import { loadBackend } from "../tensor/index.ts"
import { similarities } from "./similarity.ts"

beforeAll(() => loadBackend("cpu"))

describe("similarities", () => {
  it("are the scalar products of rows, also when computed in several blocks", () => {
    const stream = RandomStream.named(1, "similarities")
    const rows = { values: stream.normals(5 * 3), count: 5, width: 3 }
    const columns = { values: stream.normals(4 * 3), count: 4, width: 3 }
    const whole = similarities(rows, columns)
    const blocks = similarities(rows, columns, 8)
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 4; column++) {
        let sum = 0
        for (let d = 0; d < 3; d++)
          sum += (rows.values[row * 3 + d] ?? 0) * (columns.values[column * 3 + d] ?? 0)
        expect(whole[row * 4 + column]).toBeCloseTo(sum, 5)
        expect(blocks[row * 4 + column]).toBeCloseTo(sum, 5)
      }
  })
})
