import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { ProgressLine } from "./progress-line.ts"

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

/** A line whose texts are kept, and a second a step. */
const lineOn = (stream: { isTTY?: boolean; columns?: number }) => {
  const written: Array<string> = []
  const line = new ProgressLine({ ...stream, write: (text) => written.push(text) }, Date.now())
  const show = (done: number, detail?: string) => {
    vi.advanceTimersByTime(1000)
    line.show({ done, total: 1000, unit: "images", ...(detail !== undefined && { detail }) })
  }
  return { line, written, show }
}

describe("the line of a download", () => {
  test("is written over itself on a terminal, with rate, time left and failures", () => {
    const { line, written, show } = lineOn({ isTTY: true, columns: 100 })
    show(0)
    show(100)
    show(200, "3 failed")
    expect(written.at(-1)).toBe("\r\u001b[K200/1000 images  100/s  8.0 s left  3 failed")
    line.end()
    expect(written.at(-1)).toBe("\r\u001b[K")
  })

  test("keeps to the width of the terminal, and makes room for other lines", () => {
    const { line, written, show } = lineOn({ isTTY: true, columns: 20 })
    show(0)
    show(100, "many failed")
    expect(written.at(-1)).toBe(`\r\u001b[K${"100/1000 images  100/s".slice(0, 19)}`)
    line.say("careful")
    expect(written.slice(-2)).toEqual(["\r\u001b[K", "careful\n"])
  })

  test("comes now and then where there is no terminal", () => {
    const { written, show } = lineOn({})
    for (let done = 0; done < 25; done++) show(done)
    expect(written).toEqual([
      "9/1000 images  0.90/s  18 min 21 s left\n",
      "19/1000 images  1.00/s  16 min 21 s left\n",
    ])
  })
})
