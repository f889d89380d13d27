import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run, start } from "./command.ts"

let folder = ""
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => removeFolder(folder))

/** Writes `work.yaml` with these stages. */
const write = (stages: string): void =>
  writeFileSync(join(folder, "work.yaml"), `version: 1\nname: work\nstages:\n${stages}`)

/** Whether a process runs; one that ended and that nobody has asked after yet (Z) does not. */
const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" })
  return /^[^Z]/.test(stdout.trim())
}

describe("a stage that fails", () => {
  test("is told with its last words; others are kept, and what needs it waits", async () => {
    write(`
  good: { uses: exec, with: { command: 'echo fine > "$OUTPUT/a"' } }
  bad: { uses: exec, with: { command: 'echo "no such model" >&2; exit 3' } }
  later: { uses: exec, with: { command: "true", inputs: { bad: "\${{ stages.bad.outputs.output }}" } } }
`)
    const { code, stderr } = await run(folder, ["run", "work.yaml"])
    expect(code).toBe(1)
    expect(stderr).toContain("the command ended with code 3; it printed last:\n      no such model")
    expect(stderr).toMatch(/^✓ good/m)
    expect(stderr).toMatch(/^✗ bad/m)
    expect(stderr).toMatch(/^– later +.*bad/m)
    const [log = ""] = /\.diva-pipeline\S+\.log/.exec(stderr) ?? []
    expect(readFileSync(join(folder, log), "utf8")).toContain("no such model")
    expect((await run(folder, ["run", "work.yaml"])).stderr).toMatch(/^✓ good +cached/m)
  })

  test("only for now is tried again", async () => {
    write(`
  flaky:
    uses: exec
    with:
      command: 'echo x >> "$TRACE"; [ "$(wc -l < "$TRACE")" = 3 ] || exit 75'
    secrets: [TRACE]
    retry: { attempts: 3, delay: 10ms }
`)
    const trace = join(folder, "trace")
    const { code, stderr } = await run(folder, ["run", "work.yaml"], { env: { TRACE: trace } })
    expect(code).toBe(0)
    expect(readFileSync(trace, "utf8")).toBe("x\nx\nx\n")
    expect(stderr).toMatch(/^✓ flaky/m)
  })

  test("by its timeout is ended, with what it has started", async () => {
    write(`
  slow:
    uses: exec
    with: { command: 'sleep 1000 & echo $! > "$TRACE"; wait' }
    secrets: [TRACE]
    timeout: 1s
`)
    const trace = join(folder, "trace")
    const { code, stderr } = await run(folder, ["run", "work.yaml"], { env: { TRACE: trace } })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^✗ slow +failed: exec took longer than its timeout of 1 s$/m)
    const pid = Number(readFileSync(trace, "utf8"))
    await expect.poll(() => isAlive(pid)).toBe(false)
  })
})

describe("a run that is interrupted", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "by %s ends with 130, keeps what is finished, and goes on",
    async (signal) => {
      write(`
  quick: { uses: exec, with: { command: 'echo fine > "$OUTPUT/a"' } }
  slow:
    uses: exec
    with:
      command: 'echo $$ > "$TRACE"; [ -n "$FAST" ] || sleep 1000'
      inputs: { quick: "\${{ stages.quick.outputs.output }}" }
    secrets: [TRACE, FAST]
`)
      const trace = join(folder, "trace")
      const running = start(folder, ["run", "work.yaml"], { env: { TRACE: trace, FAST: "" } })
      await running.says("▸ slow")
      await new Promise((resolve) => setTimeout(resolve, 500))
      running.process.kill(signal)
      const { code, stderr } = await running.ended
      expect(code).toBe(130)
      expect(stderr).toContain("what was finished is kept, `diva-pipeline resume` goes on")
      expect(stderr).not.toMatch(/^ +at /m)
      const again = await run(folder, ["run", "work.yaml"], { env: { TRACE: trace, FAST: "yes" } })
      expect(again.code).toBe(0)
      expect(again.stderr).toMatch(/^✓ quick +cached/m)
    },
  )
})

describe("a run that is asked to stop", () => {
  const slow = (command: string) =>
    write(`
  slow: { uses: exec, with: { command: '${command}' }, secrets: [TRACE] }
  next: { uses: exec, with: { command: "true", inputs: { slow: "\${{ stages.slow.outputs.output }}" } } }
`)

  test("says so in one line, begins nothing new, and keeps its history", async () => {
    slow('echo > "$TRACE"; sleep 1000')
    const trace = join(folder, "trace")
    const running = start(folder, ["run", "work.yaml"], { env: { TRACE: trace } })
    await expect.poll(() => existsSync(trace), { timeout: 30_000 }).toBe(true)
    running.process.kill("SIGINT")
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(130)
    expect(stderr.match(/^stopping/gm)).toHaveLength(1)
    expect(stderr).not.toContain("▸ next")
    expect(stdout).toContain("work: cancelled")
    expect((await run(folder, ["runs", "ls"])).stdout).toContain("cancelled")
  }, 60_000)

  test("twice ends at once, with all that its stages started", async () => {
    slow('trap "" TERM INT; echo $$ > "$TRACE"; while true; do sleep 1; done')
    const trace = join(folder, "trace")
    const running = start(folder, ["run", "work.yaml"], { env: { TRACE: trace } })
    await expect
      .poll(() => existsSync(trace) && readFileSync(trace, "utf8"), { timeout: 30_000 })
      .toMatch(/\n/)
    running.process.kill("SIGINT")
    await running.says("stopping")
    running.process.kill("SIGINT")
    expect((await running.ended).code).toBe(130)
    const pid = Number(readFileSync(trace, "utf8"))
    await expect.poll(() => isAlive(pid)).toBe(false)
  }, 60_000)
})

describe("a command as a stage", () => {
  test("runs again when its script changes, and feeds the next one", async () => {
    write(`
  first:
    uses: exec
    with: { command: 'sh "$INPUT_SCRIPT"', inputs: { script: ./script.sh } }
  second:
    uses: exec
    with: { command: 'tr a-z A-Z < "$INPUT_FIRST/said" > "$OUTPUT/said"', inputs: { first: "\${{ stages.first.outputs.output }}" } }
outputs: { said: "\${{ stages.second.outputs.output }}" }
`)
    const script = (text: string) =>
      writeFileSync(join(folder, "script.sh"), `echo ${text} > "$OUTPUT/said"\n`)
    const said = () => readFileSync(join(folder, "results", "work", "said", "said"), "utf8")
    script("one")
    expect((await run(folder, ["run", "work.yaml"])).code).toBe(0)
    expect(said()).toBe("ONE\n")
    expect((await run(folder, ["run", "work.yaml"])).stderr.match(/cached$/gm)).toHaveLength(2)
    script("two")
    expect((await run(folder, ["run", "work.yaml"])).code).toBe(0)
    expect(said()).toBe("TWO\n")
    // The same output as before: what comes after has nothing new to see.
    script("  two")
    const same = await run(folder, ["run", "work.yaml"])
    expect(same.stderr).toMatch(/^✓ first +[\d.]+ s/m)
    expect(same.stderr).toMatch(/^✓ second +cached/m)
  })
})
