import { assert, describe, it } from "@effect/vitest"
import { AdaptiveLimit } from "./adaptive-limit.ts"

/** Ends as many downloads as may run at a time, so often; each third of them times out, if told. */
const rounds = (limit: AdaptiveLimit, count: number, doTimeOut: boolean) => {
  for (let round = 0; round < count; round++)
    for (let left = limit.current; left > 0; left--) limit.record(doTimeOut && left % 3 < 2)
}

describe("downloads at a time", () => {
  it("grow while nothing speaks against it, as far as allowed", () => {
    const limit = new AdaptiveLimit(200, () => false)
    const first = limit.current
    rounds(limit, 1, false)
    assert.isAbove(limit.current, first)
    rounds(limit, 20, false)
    assert.strictEqual(limit.current, 200)
  })

  it("shrink when many time out, but not to nothing, and grow again", () => {
    const limit = new AdaptiveLimit(200, () => false)
    rounds(limit, 20, true)
    const least = limit.current
    assert.isAtMost(least, 20)
    assert.isAbove(least, 0)
    rounds(limit, 20, false)
    assert.strictEqual(limit.current, 200)
  })

  it("stay as they are when images wait for the cores", () => {
    const limit = new AdaptiveLimit(200, () => true)
    const first = limit.current
    rounds(limit, 20, false)
    assert.strictEqual(limit.current, first)
  })

  it("are never more than allowed, however few these are", () => {
    const limit = new AdaptiveLimit(3, () => false)
    rounds(limit, 5, true)
    assert.strictEqual(limit.current, 3)
  })
})
