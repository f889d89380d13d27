import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { failureOfEnd, type HostEnd, OUT_OF_MEMORY } from "./host-end.ts"
import { memoryGroup } from "./out-of-memory.ts"

const folder = mkdtempSync(join(tmpdir(), "diva-memory-"))
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
/** A root with such files below it. */
const rootWith = (files: Readonly<Record<string, string>>): string => {
  const root = join(folder, `${++count}`)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}

const EVENTS = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"

describe("the memory group", () => {
  it("is found in both forms that kernels have, and within containers", () => {
    const second = rootWith({
      "proc/self/cgroup": "0::/user.slice/run.scope\n",
      "sys/fs/cgroup/user.slice/run.scope/memory.events": EVENTS,
      "sys/fs/cgroup/user.slice/run.scope/memory.max": "2147483648\n",
    })
    assert.deepStrictEqual(memoryGroup(second), { kills: 2, limit: 2147483648 })
    const first = rootWith({
      "proc/self/cgroup": "9:name=systemd:/\n4:memory:/job/7\n0::/\n",
      "sys/fs/cgroup/memory/job/7/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
      "sys/fs/cgroup/memory/job/7/memory.limit_in_bytes": "9223372036854771712\n",
    })
    assert.deepStrictEqual(memoryGroup(first), { kills: 5, limit: undefined })
    const container = rootWith({
      "proc/self/cgroup": "0::/docker/abc\n",
      "sys/fs/cgroup/memory.events": EVENTS,
      "sys/fs/cgroup/memory.max": "max\n",
    })
    assert.deepStrictEqual(memoryGroup(container), { kills: 2, limit: undefined })
    assert.isUndefined(memoryGroup(rootWith({ "proc/self/cgroup": "0::/\n" })))
  })
})

const call = {
  stage: "test/large",
  version: 1,
  input: {},
  outputs: {},
  scratch: "",
  checkpoint: "",
  environment: {},
  gpus: [],
  attempt: 1,
}

const messageOf = (end: HostEnd, lines: ReadonlyArray<string> = []) =>
  failureOfEnd(call, end, {
    lines,
    outOfMemory: lines.find((line) => OUT_OF_MEMORY.test(line)),
    wasReady: true,
    peakMemory: 1_900_000_000,
  })

describe("the end of a host", () => {
  it("by the kernel, for memory, is told with the limit, what it held, and its last words", () => {
    const failure = messageOf({ _tag: "OutOfMemory", limit: 2_000_000_000 }, ["epoch 3", "epoch 4"])
    assert.strictEqual(failure.reason, "crash")
    assert.strictEqual(
      failure.message,
      "the host process of test/large ran out of memory and was killed by the system, whose limit for this run is 2000 MB; it held 1900 MB; its last words:\n  epoch 3\n  epoch 4",
    )
    assert.include(failure.hint ?? "", "resources.memory")
  })

  it("by a program that finds no more memory is told as such, without its stack", () => {
    const lines = [
      "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
      "    at Object.<anonymous> (/tmp/stage.ts:3:9)",
      "----- Native stack trace -----",
      " 1: 0xe1a2b3 node::OOMErrorHandler(char const*) [node]",
      "Node.js v24.21.0",
    ]
    const { message } = messageOf({ _tag: "Killed", signal: "SIGABRT" }, lines)
    assert.include(message, "ran out of memory and was ended by SIGABRT (FATAL ERROR: Reached heap limit")
    assert.include(message, "; it held 1900 MB")
    assert.strictEqual(message.split("\n").length, 2)
  })

  it("by a stranger's signal is told as that", () => {
    const { message, hint } = messageOf({ _tag: "Killed", signal: "SIGKILL" })
    assert.include(message, "was ended by SIGKILL, which the engine has not sent; it held 1900 MB")
    assert.include(hint ?? "", "memory")
    assert.include(messageOf({ _tag: "Killed", signal: "SIGSEGV" }).message, "was ended by SIGSEGV")
  })
})
