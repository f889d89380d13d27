import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run, start } from "./command.ts"

let folder = ""
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => removeFolder(folder))

const write = (file: string, text: string): void => writeFileSync(join(folder, file), text)
const result = (): string => readFileSync(join(folder, "mine", "work", "said", "said"), "utf8")

/** Its second task takes for ever, unless it is told to be fast: the run can be ended meanwhile. */
const WORK = `version: 1
name: work
params: { word: { type: string } }
profiles: { loud: { stages: { quick: { env: { MARK: "!" } } } } }
stages:
  quick:
    uses: exec
    env: { MARK: "." }
    with: { command: 'echo "\${{ params.word }}$MARK" > "$OUTPUT/said"' }
  slow:
    uses: exec
    with:
      command: 'echo > "$TRACE"; [ -n "$FAST" ] || sleep 1000; cat "$INPUT_QUICK/said" > "$OUTPUT/said"'
      inputs: { quick: "\${{ stages.quick.outputs.output }}" }
    secrets: [TRACE, FAST]
outputs: { said: "\${{ stages.slow.outputs.output }}" }
`

const asked = [
  "work.yaml",
  "--param",
  "word=hear",
  "--profile",
  "loud",
  "-f",
  "more.yaml",
  "--results",
  "mine",
]

/** Runs the work, ends it with a signal in its second task, and gives what goes on with it. */
const interrupt = async (signal: NodeJS.Signals) => {
  write("work.yaml", WORK)
  write("more.yaml", "stages: { slow: { timeout: 1h } }\n")
  const trace = join(folder, "trace")
  const running = start(folder, ["run", ...asked], { env: { TRACE: trace, FAST: "" } })
  await expect.poll(() => existsSync(trace), { timeout: 50_000 }).toBe(true)
  running.process.kill(signal)
  const { code } = await running.ended
  const resume = (...args: ReadonlyArray<string>) =>
    run(folder, ["resume", ...args], { env: { TRACE: trace, FAST: "yes" } })
  return { code, resume }
}

describe("resume goes on with what was asked for", () => {
  test("after Ctrl-C", async () => {
    const { code, resume } = await interrupt("SIGINT")
    expect(code).toBe(130)
    const { code: resumed, stderr } = await resume()
    expect(stderr).toMatch(/^going on with \S+ \(cancelled; 1 of 2 tasks done\)$/m)
    expect(stderr).not.toContain("changed")
    expect(stderr).toMatch(/^✓ quick +cached$/m)
    expect(stderr).toMatch(/^✓ slow +[\d.]+ s$/m)
    expect(resumed).toBe(0)
    expect(result()).toBe("hear!\n")
    const nothing = await resume()
    expect(nothing.code).toBe(2)
    expect(nothing.stderr).toContain("there is no run of this folder to go on with")
  })

  test("after kill -9, for machines too", async () => {
    const { code, resume } = await interrupt("SIGKILL")
    expect(code).toBeNull()
    const { code: resumed, stdout, stderr } = await resume("--json")
    expect(stderr).toBe("")
    expect(resumed).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      continues: expect.stringMatching(/^\d{4}-/),
      changed: [],
      tasks: [
        { id: "quick", status: "cached" },
        { id: "slow", status: "succeeded" },
      ],
    })
    expect(result()).toBe("hear!\n")
  })

  test("unless the same was run again meanwhile", async () => {
    const { resume } = await interrupt("SIGINT")
    const env = { TRACE: join(folder, "trace"), FAST: "yes" }
    expect((await run(folder, ["run", ...asked], { env })).code).toBe(0)
    expect((await resume()).code).toBe(2)
  })
})

test("resume lets a stage continue from its checkpoint", async () => {
  write(
    "count.ts",
    `import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

export default defineStage({
  name: "count",
  version: 1,
  summary: "Counts to three, and then waits to be killed; a second time it says that it goes on",
  input: Type.Object({}, { additionalProperties: false }),
  outputs: { said: { kind: "text", description: "What happened", file: "said.txt" } },
  isolation: "host",
  run: (_input, context) =>
    Effect.suspend(() => {
      const kept = join(context.checkpoint, "three")
      if (existsSync(kept)) return Effect.sync(() => writeFileSync(context.outputs.said, "went on from three"))
      writeFileSync(kept, "")
      context.log("warning", "three is kept")
      return Effect.never
    }),
})
`,
  )
  write(
    "count.yaml",
    `version: 1
stages: { count: { uses: ./count.ts } }
outputs: { said: "\${{ stages.count.outputs.said }}" }
`,
  )
  const env = { XDG_CACHE_HOME: folder }
  const running = start(folder, ["run", "count.yaml"], { env })
  await running.says("three is kept")
  running.process.kill("SIGKILL")
  await running.ended
  expect((await run(folder, ["resume"], { env })).code).toBe(0)
  expect(readFileSync(join(folder, "results", "count", "said.txt"), "utf8")).toBe("went on from three")
})

describe("resume after a failure", () => {
  const FAILING = `version: 1
name: work
stages:
  first: { uses: exec, with: { command: 'echo one > "$OUTPUT/said"' } }
  second: { uses: exec, with: { command: 'exit 1', inputs: { first: "\${{ stages.first.outputs.output }}" } } }
`
  const mend = (): void => write("work.yaml", FAILING.replace("exit 1", 'cp "$INPUT_FIRST/said" "$OUTPUT"'))

  test("says which files have changed, and doesn't force again what was done", async () => {
    write("work.yaml", FAILING)
    expect((await run(folder, ["run", "work.yaml"])).code).toBe(1)
    const failed = await run(folder, ["run", "work.yaml", "--from", "first"])
    expect(failed.stderr).toMatch(/^✓ first +[\d.]+ s$/m)
    expect(failed.stderr).toContain("hint: mend it, then `diva-pipeline resume`: what was finished is kept")
    mend()
    const { code, stderr } = await run(folder, ["resume"])
    expect(code).toBe(0)
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^going on with \S+ \(failed; 1 of 2 tasks done\)$/),
      "work.yaml has changed since: going on with what is there now",
    ])
    expect(stderr).toMatch(/^✓ first +cached$/m)
    expect(stderr).toMatch(/^▸ second +started: forced$/m)
  })

  test("takes a run by its name, and refuses what can't be gone on with", async () => {
    write("work.yaml", FAILING)
    const refused = async (where: string, message: RegExp, ...args: ReadonlyArray<string>) => {
      const { code, stderr } = await run(where, ["resume", ...args])
      expect(code).toBe(2)
      expect(stderr).toMatch(message)
    }
    await refused(folder, /^error: there is no run of this folder to go on with$/m)
    const nameOf = async (...args: ReadonlyArray<string>): Promise<string> =>
      JSON.parse((await run(folder, ["run", "work.yaml", "--json", ...args])).stdout).run
    const first = await nameOf()
    const good = await nameOf("--only", "first")
    await refused(folder, /^error: \S+ has succeeded: there is nothing to go on with$/m, good)
    const elsewhere = join(folder, "elsewhere")
    mkdirSync(elsewhere)
    await refused(
      elsewhere,
      /was begun in another folder\n +hint: resume it in \S+$/m,
      first,
      "--store",
      "../.diva-pipeline",
    )
    await refused(folder, /^error: there is no run "nonsense"$/m, "nonsense")
    mend()
    expect((await run(folder, ["resume", first.slice(-6)])).code).toBe(0)
  })

  test("keeps no secret, and says so", async () => {
    write("work.yaml", FAILING.replace("stages:", "params: { token: { type: string } }\nstages:"))
    const env = { MY_TOKEN: "open-sesame" }
    const { stdout } = await run(folder, ["run", "work.yaml", "--param", "token=open-sesame", "--json"], {
      env,
    })
    const { run: name } = JSON.parse(stdout)
    expect(existsSync(join(folder, ".diva-pipeline", "runs", name, "request.json"))).toBe(false)
    const { code, stderr } = await run(folder, ["resume", name])
    expect(code).toBe(2)
    expect(stderr).toContain(`nothing is kept of what ${name} was asked for`)
  })
})
