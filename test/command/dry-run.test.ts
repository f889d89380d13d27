import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const DOCUMENT = `version: 1
name: work
params: { word: { type: string, default: one }, rate: { type: number, default: 0.5 } }
stages:
  say: { uses: exec, with: { command: 'echo "\${{ params.word }}" > "$OUTPUT/said"' } }
  again: { uses: exec, with: { command: 'echo "\${{ params.word }}" > "$OUTPUT/said"' } }
  count:
    uses: exec
    matrix: { n: [1, 2] }
    env: { RATE: "\${{ params.rate }}" }
    with:
      command: 'head -c \${{ matrix.n }} "$INPUT_SAID/said" > "$OUTPUT/counted"'
      inputs: { said: "\${{ stages.say.outputs.output }}", own: own.txt }
  same: { uses: exec, with: { command: 'cat "$INPUT_OWN" > "$OUTPUT/own"', inputs: { own: own.txt } } }
  always: { uses: exec, cache: false, with: { command: 'echo > "$OUTPUT/said"' } }
  last: { uses: exec, with: { command: "true", inputs: { always: "\${{ stages.always.outputs.output }}" } } }
`

const jsonOf = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await run(folder, [...args, "--json"])
  expect(stderr).toBe("")
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

/** All that is in a folder, and when it was last written. */
const everything = (): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((file) => `${file} ${statSync(join(folder, file)).mtimeMs}`)

interface Planned {
  readonly task: string
  readonly state: "cached" | "run" | "unknown"
  readonly reason?: string
}
interface Ran {
  readonly id: string
  readonly status: string
  readonly reason?: string
}

beforeAll(async () => {
  writeFileSync(join(folder, "work.yaml"), DOCUMENT)
  writeFileSync(join(folder, "own.txt"), "mine\n")
})

describe("run --dry-run", () => {
  test.each([
    ["at first", []],
    ["when nothing has changed", []],
    ["with another param", ["--param", "word=two"]],
    ["with another environment", ["--param", "word=two", "--param", "rate=0.25"]],
    ["with a choice", ["--param", "word=three", "--until", "say", "--force", "say"]],
    ["from a stage", ["--from", "say"]],
    ["for some tasks only", ["--only", "count[n=1]", "--only", "same", "--force", "same"]],
  ])("lists what the run then does, %s", async (_, args) => {
    const before = everything()
    const planned: ReadonlyArray<Planned> = await jsonOf("run", "work.yaml", ...args, "--dry-run")
    expect(everything()).toEqual(before)
    expect(await jsonOf("plan", "work.yaml", ...args)).toEqual(planned)
    const tasks: ReadonlyArray<Ran> = (await jsonOf("run", "work.yaml", ...args)).tasks
    expect(tasks.map(({ id }) => id)).toEqual(planned.map(({ task }) => task))
    for (const [index, { state, reason }] of planned.entries()) {
      const { status, reason: told } = tasks[index] ?? { status: "none" }
      if (state === "cached") expect(status).toBe("cached")
      if (state === "run") expect([status, told]).toEqual(["succeeded", reason])
      if (state === "unknown") expect(status).toMatch(/^(cached|succeeded)$/)
    }
  })

  test("refuses what the run would refuse", async () => {
    for (const args of [
      ["--only", "nonsense"],
      ["--resource", "cpu=none"],
      ["--param", "rate=fast"],
    ]) {
      const both = await Promise.all([
        run(folder, ["run", "work.yaml", ...args]),
        run(folder, ["run", "work.yaml", ...args, "--dry-run"]),
      ])
      expect(both[1]).toEqual(both[0])
      expect(both[1].code).toBe(2)
    }
  })
})

describe("--explain", () => {
  test("tells of plan and run what changed since when, from what to what", async () => {
    await jsonOf("run", "work.yaml")
    const { run: before } = (await jsonOf("runs", "ls", "--limit", "1"))[0]
    writeFileSync(join(folder, "own.txt"), "mine, and changed\n")
    const { stdout } = await run(folder, ["plan", "work.yaml", "--param", "rate=0.75", "--explain"])
    const [count = ""] = /^▸ count\[n=1\](\n|.)*?(?=\n[^ ])/m.exec(stdout) ?? []
    expect(count.split("\n")).toEqual([
      expect.stringMatching(/^▸ count\[n=1\] +runs: changed since run \S+, \d{4}-\d\d-\d\d [\d:]+$/),
      expect.stringMatching(/^ {4}inputs\.own +content of own\.txt: [0-9a-f]{12} → [0-9a-f]{12}$/),
      expect.stringMatching(/^ {4}env\.RATE +0\.\d+ → 0\.75$/),
    ])
    expect(stdout).toMatch(/^▸ always +runs: cache: false; nothing changed since run /m)
    expect(stdout).toMatch(/^✓ say +cached$/m)

    const planned = await jsonOf("plan", "work.yaml", "--param", "rate=0.75", "--explain")
    const ran = await jsonOf("run", "work.yaml", "--param", "rate=0.75", "--explain")
    const changesOf = (tasks: ReadonlyArray<{ readonly changes?: unknown; readonly since?: unknown }>) =>
      tasks.slice(0, 6).map(({ changes, since }) => ({ changes, since }))
    expect(changesOf(planned)).toEqual(changesOf(ran.tasks))
    expect(planned[5]).toMatchObject({
      task: "always",
      since: { run: before, time: expect.any(Number) },
      changes: [],
    })
  })

  test("says so while the run goes on", async () => {
    const { stderr } = await run(folder, ["run", "work.yaml", "--param", "word=four", "--explain"])
    expect(stderr).toMatch(
      /^▸ say +changed since run \S+, .*\n {4}command +"echo \\"\w+\\" .*" → "echo \\"four\\" .*"$/m,
    )
    expect(stderr).toMatch(
      /^▸ count\[n=2\] +changed since run .*\n {4}inputs\.said +content of say\.output: [0-9a-f]{12} → [0-9a-f]{12}$/m,
    )
    expect(stderr).toMatch(/^✓ again +cached$/m)
  })

  test("shows no secret", async () => {
    const env = { MY_TOKEN: "open-sesame" }
    await run(folder, ["run", "work.yaml", "--param", "word=first-secret", "--until", "say"], { env })
    const args = ["work.yaml", "--param", "word=open-sesame", "--until", "say", "--explain"]
    for (const command of [["plan"], ["plan", "--json"], ["run"], ["run", "--json", "--force", "say"]]) {
      const { code, stdout, stderr } = await run(folder, [...command, ...args], { env })
      expect(code).toBe(0)
      expect(stdout + stderr).not.toContain("open-sesame")
    }
    for (const file of readdirSync(join(folder, ".diva-pipeline"), { recursive: true, encoding: "utf8" })) {
      const path = join(folder, ".diva-pipeline", file)
      const isArtefact = /^(trees|work)/.test(file)
      if (!isArtefact && statSync(path).isFile())
        expect(readFileSync(path, "utf8")).not.toContain("open-sesame")
    }
  })
})
