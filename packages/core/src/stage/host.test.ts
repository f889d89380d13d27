import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { hostCommand, makeFolder, node, removeFolder } from "../run/fixtures/engine.ts"
import type { AttemptSink, StageCall } from "./call.ts"
import { HostPool } from "./host-pool.ts"
import { makeLineReader } from "./host-protocol.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

let count = 0
const callOf = (how: string, times = 1): StageCall => {
  const place = join(folder, `${++count}`)
  mkdirSync(place)
  return {
    stage: "test/host-trouble",
    version: 1,
    input: { how, times, trace: join(place, "trace") },
    outputs: { file: join(place, "fine.txt") },
    scratch: place,
    checkpoint: place,
    environment: { TEST_TOKEN: "abc" },
    gpus: [],
    attempt: 1,
  }
}

const lines: Array<string> = []
const sink: AttemptSink = {
  progress: () => undefined,
  log: () => undefined,
  output: (line) => lines.push(line),
}
const pool = HostPool.layer({ ...hostCommand, slots: 2, env: process.env })
const run = (call: StageCall) => Effect.flatMap(HostPool, (hosts) => hosts.run(call, sink))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // A zombie has died; its parent just hasn't looked yet.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

const until = Effect.fnUntraced(function* (condition: () => boolean) {
  for (let turn = 0; turn < 1200 && !condition(); turn++) yield* Effect.sleep(25)
  assert.isTrue(condition())
})

describe("lines", () => {
  it("come whole, whatever the pieces", () => {
    const text = `${JSON.stringify("ä".repeat(5000))}\n\n{}\n`
    for (const size of [1, 2, 7, 1000, 100_000]) {
      const found: Array<string> = []
      const read = makeLineReader((line) => found.push(line))
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size))
      assert.strictEqual(`${found.join("\n")}\n`, text)
    }
  })
})

describe("a host process", () => {
  it("takes what it has started with it when its engine is gone, whichever pipe tells first", async () => {
    const args = ["-c", 'sleep 600 & echo $!; exec "$@"', "sh", hostCommand.command, ...hostCommand.args]
    for (const pipe of [3, 5]) {
      const stdio = ["ignore", "pipe", "inherit", "pipe", "pipe", "pipe"] as const
      const host = spawn("sh", args, { detached: true, stdio: [...stdio] })
      const ended = new Promise((resolve) => host.on("exit", resolve))
      const pid = await new Promise<number>((resolve) =>
        host.stdout?.once("data", (text) => resolve(Number(text))),
      )
      assert.isTrue(isAlive(pid))
      host.stdio[pipe]?.destroy()
      await ended
      await Effect.runPromise(until(() => !isAlive(pid)))
    }
  })

  it.live("runs stages one after another, and reports each way of failing", () =>
    Effect.gen(function* () {
      const fine = callOf("fine", 0)
      yield* run(fine)
      assert.strictEqual(readFileSync(fine.outputs.file ?? "", "utf8"), "fine\n")

      const permanent = yield* Effect.flip(run(callOf("permanent")))
      assert.deepInclude(permanent, { reason: "permanent", message: "this cannot work", hint: "change it" })

      const mistake = yield* Effect.flip(run(callOf("throw")))
      assert.strictEqual(mistake.reason, "permanent")
      assert.include(mistake.message, "failed unexpectedly: a mistake")
      assert.isTrue(lines.some((line) => line.includes("Error: a mistake")))

      const full = yield* Effect.flip(run(callOf("full")))
      assert.include(full.message, "no space left on the disk")

      const stale = yield* Effect.flip(run({ ...callOf("fine"), version: 2 }))
      assert.include(stale.message, "no stage test/host-trouble of version 2")

      const large = callOf("fine", 0)
      yield* run({ ...large, input: { ...large.input, how: "fine", more: "x".repeat(3_000_000) } })
    }).pipe(Effect.provide(pool)),
  )

  it.live("that dies is a crash with how and with its last words", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.flip(run(callOf("exit")))
      assert.strictEqual(exit.reason, "crash")
      assert.include(exit.message, "ended with code 7")
      assert.include(exit.message, "last words abc")
      const kill = yield* Effect.flip(run(callOf("kill")))
      assert.include(kill.message, "was ended by SIGKILL")
      assert.include(kill.hint ?? "", "memory")
      yield* run(callOf("fine", 0))
    }).pipe(Effect.provide(pool)),
  )

  it.live("that runs out of memory says so, with its last words", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(run(callOf("hog")))
      assert.strictEqual(error.reason, "crash")
      assert.match(
        error.message,
        /^the host process of test\/host-trouble ran out of memory for JavaScript's objects/,
      )
      assert.include(error.hint ?? "", "keep less of them")
      const after = yield* Effect.flip(run(callOf("exit")))
      assert.include(after.message, "of test/host-trouble ended with code 7")
    }).pipe(
      Effect.provide(
        HostPool.layer({ ...hostCommand, args: ["--max-old-space-size=40", ...hostCommand.args], slots: 1 }),
      ),
    ),
  )

  it.live("that cannot be started is a crash as well", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(run(callOf("fine")))
      assert.include(error.message, "could not be started")
    }).pipe(Effect.provide(HostPool.layer({ command: "/no/such/program", args: [], slots: 1 }))),
  )

  it.live("is killed when it is interrupted, even while it is deaf", () =>
    Effect.gen(function* () {
      const call = callOf("block")
      const fiber = yield* Effect.forkChild(run(call))
      yield* until(() => existsSync(String(call.input.trace)))
      yield* Fiber.interrupt(fiber)
      yield* run(callOf("fine", 0))
    }).pipe(Effect.provide(pool)),
  )

  it.live("dies with the engine, even while it is deaf", () =>
    Effect.gen(function* () {
      const parent = spawn(
        node,
        ["--no-warnings", join(import.meta.dirname, "../run/fixtures/deaf-host.ts"), folder],
        { stdio: ["ignore", "pipe", "inherit"] },
      )
      let said = ""
      parent.stdout.on("data", (chunk) => {
        said += chunk
      })
      yield* until(() => /^\d+\n/.test(said))
      const host = Number.parseInt(said, 10)
      assert.isTrue(isAlive(host))
      parent.kill("SIGKILL")
      yield* until(() => !isAlive(host))
    }),
  )
})
