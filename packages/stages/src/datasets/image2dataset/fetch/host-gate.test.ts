import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { type GateLimits, HostGate } from "./host-gate.ts"

const gateOf = (limits: Partial<GateLimits>) =>
  new HostGate({
    most: () => 100,
    mostInAll: 100,
    mostPerHost: 100,
    mostSilentPerHost: 0,
    silence: 1000,
    perSecond: undefined,
    ...limits,
  })

/** Whether a promise is fulfilled within a moment that is long enough for the gate to have looked. */
const isSoon = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), sleep(400, false)])

describe("hosts", () => {
  it("get no more requests at a time than allowed, and none keeps the others waiting", async () => {
    const gate = gateOf({ most: () => 6, mostPerHost: 2 })
    const running = new Map<string, number>()
    let [most, mostOfHost, all] = [0, 0, 0]
    const request = async (host: string) => {
      const place = await gate.enter(host)
      running.set(host, (running.get(host) ?? 0) + 1)
      all += 1
      most = Math.max(most, all)
      mostOfHost = Math.max(mostOfHost, running.get(host) ?? 0)
      await sleep(1)
      running.set(host, (running.get(host) ?? 0) - 1)
      all -= 1
      gate.leave(place)
    }
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => request(`host${index < 100 ? 0 : index % 7}`)),
    )
    assert.strictEqual(mostOfHost, 2)
    assert.strictEqual(most, 6)
    gate.close()
  })

  it("are asked so many times a second as allowed", async () => {
    const gate = gateOf({ perSecond: 50 })
    const begun = performance.now()
    await Promise.all(Array.from({ length: 10 }, () => gate.enter("host")))
    // Nine pauses of 20 ms; a lower bound holds on however slow a machine.
    assert.isAtLeast(performance.now() - begun, 170)
    gate.close()
  })

  it("are asked for what goes on before what is new", async () => {
    const gate = gateOf({ mostPerHost: 1 })
    const first = await gate.enter("host")
    const order: Array<string> = []
    const wait = async (name: string, isNext: boolean) => {
      const place = await gate.enter("host", isNext)
      order.push(name)
      gate.leave(place)
    }
    const all = [wait("new", false), wait("newer", false), wait("redirected", true)]
    gate.leave(first)
    await Promise.all(all)
    assert.deepStrictEqual(order, ["redirected", "new", "newer"])
    gate.close()
  })
})

describe("requests without an answer", () => {
  it("make room when others are answered, so many as allowed, and are told", async () => {
    const gate = gateOf({ mostPerHost: 2, mostSilentPerHost: 1 })
    const told: Array<number> = []
    const silent = [0, 1].map((index) => gate.enter("host", false, () => told.push(index)))
    const [one, two] = await Promise.all(silent)
    assert.isDefined(one)
    assert.isDefined(two)
    const waiting = gate.enter("host")
    assert.isFalse(await isSoon(waiting))
    gate.leave(two)
    const three = await waiting
    gate.answer(three)
    // The first has been overtaken now, and once its second is over, another one may begin although two run.
    const four = await gate.enter("host")
    assert.deepStrictEqual(told, [0])
    // One is set aside, two run: there is no room for a second silent one.
    const five = gate.enter("host")
    assert.isFalse(await isSoon(five))
    gate.leave(one)
    assert.isFalse(await isSoon(five))
    gate.leave(four)
    gate.leave(await five)
    gate.close()
  })

  it("make no room when the host is slow with all, or with those before", async () => {
    const gate = gateOf({ mostPerHost: 2, mostSilentPerHost: 5, silence: 50 })
    const before = await gate.enter("host")
    gate.answer(before)
    const one = await gate.enter("host", false, () => assert.fail("was overtaken"))
    const waiting = gate.enter("host")
    assert.isFalse(await isSoon(waiting))
    gate.leave(before)
    const late = await waiting
    await sleep(60)
    gate.answer(late)
    assert.isFalse(await isSoon(gate.enter("host")))
    gate.leave(one)
    gate.close()
  })

  it("make no room beyond what runs in all", async () => {
    const gate = gateOf({ mostInAll: 2, mostSilentPerHost: 5, silence: 300 })
    await gate.enter("host")
    gate.answer(await gate.enter("host"))
    assert.isFalse(await isSoon(gate.enter("host")))
    assert.isFalse(await isSoon(gate.enter("other")))
    gate.close()
  })
})
