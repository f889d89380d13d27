import { assert, describe, it } from "@effect/vitest"
import { type AttemptWatch, persistently } from "./attempts.ts"
import { FetchFault, timedOut } from "./fetch-fault.ts"

const body = new Uint8Array(4)
const gone = () => new FetchFault("HTTP Error 404: Not Found", "status 4xx")
const closing = new AbortController().signal

/** An attempt whose end is up to the test. */
interface Begun {
  readonly watch: AttemptWatch
  readonly end: PromiseWithResolvers<Uint8Array>
}

/** Attempts whose ends are up to the test; `settled` lets everything that has been decided happen. */
const begin = (retries: number, longest = 5) => {
  const begun: Array<Begun> = []
  const attempt = (watch: AttemptWatch) => {
    const end = Promise.withResolvers<Uint8Array>()
    begun.push({ watch, end })
    return end.promise
  }
  const outcome = persistently(attempt, retries, { delay: 1, longest }, closing).catch(
    (cause: Error) => cause.message,
  )
  const until = async (count: number) => {
    while (begun.length < count) await new Promise((resolve) => setTimeout(resolve, 1))
    const last = begun[count - 1]
    if (last === undefined) throw new Error("no attempt has begun")
    return last
  }
  return { begun, outcome, until }
}

describe("an attempt that is overtaken", () => {
  it("goes on beside the next one, and the first good answer counts", async () => {
    for (const first of [true, false]) {
      const { begun, outcome, until } = begin(1)
      const one = await until(1)
      one.watch.onOvertaken()
      const two = await until(2)
      ;(first ? one : two).end.resolve(body)
      assert.strictEqual(await outcome, body)
      // Whoever is not needed any longer is told.
      assert.isTrue(begun.every(({ watch }) => watch.signal.aborted))
    }
  })

  it("does not decide with what may pass, as long as another runs", async () => {
    const { outcome, until } = begin(1)
    const one = await until(1)
    one.watch.onOvertaken()
    const two = await until(2)
    one.end.reject(timedOut())
    two.end.resolve(body)
    assert.strictEqual(await outcome, body)
  })

  it("decides with what will stay", async () => {
    const { outcome, until } = begin(2)
    const one = await until(1)
    one.watch.onOvertaken()
    const two = await until(2)
    two.end.reject(gone())
    assert.strictEqual(await outcome, "HTTP Error 404: Not Found")
    assert.isTrue(one.watch.signal.aborted)
  })

  it("gets no more attempts than allowed, however it is told", async () => {
    const { begun, outcome, until } = begin(2)
    for (let count = 1; count <= 3; count++) {
      const { watch } = await until(count)
      watch.onOvertaken()
      watch.onOvertaken()
    }
    for (const { end } of begun) end.reject(timedOut())
    assert.strictEqual(await outcome, "timed out")
    assert.strictEqual(begun.length, 3)
    assert.deepStrictEqual(
      begun.map(({ watch }) => watch.before),
      [0, 1, 2],
    )
  })
})

describe("an attempt that fails", () => {
  it("is followed by another where that may help", async () => {
    const { outcome, until } = begin(1)
    ;(await until(1)).end.reject(timedOut())
    ;(await until(2)).end.resolve(body)
    assert.strictEqual(await outcome, body)
  })

  it("is followed no sooner than the server asks", async () => {
    const { outcome, until } = begin(1, 500)
    const asked = performance.now()
    const busy = new FetchFault("HTTP Error 429: Too Many Requests", "status 4xx", {
      isTransient: true,
      retryAfter: 200,
    })
    ;(await until(1)).end.reject(busy)
    ;(await until(2)).end.resolve(body)
    assert.strictEqual(await outcome, body)
    assert.isAtLeast(performance.now() - asked, 199)
  })

  it("is the last when its server asks for more patience than there is", async () => {
    const { begun, outcome, until } = begin(3, 10)
    const busy = new FetchFault("HTTP Error 503: Service Unavailable", "status 5xx", {
      isTransient: true,
      retryAfter: 11,
    })
    ;(await until(1)).end.reject(busy)
    assert.strictEqual(await outcome, "HTTP Error 503: Service Unavailable")
    assert.strictEqual(begun.length, 1)
  })
})
