import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run, start } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const DOCUMENT = `version: 1
name: demo
params:
  word: { type: string, default: one }
stages:
  say:
    uses: exec
    with: { command: 'echo "\${{ params.word }}" > "$OUTPUT/word"; echo said' }
  dice:
    uses: exec
    cache: false
    with: { command: 'od -An -N8 -tx1 /dev/urandom > "$OUTPUT/dice"' }
  copy:
    uses: exec
    matrix: { n: [1, 2] }
    with:
      command: 'cat "$INPUT_WORD/word" > "$OUTPUT/copy-\${{ matrix.n }}"'
      inputs: { word: "\${{ stages.say.outputs.output }}" }
outputs:
  dice: \${{ stages.dice.outputs.output }}
`

const git = (...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=n", "-c", "user.email=e@x", ...args], {
    cwd: folder,
    encoding: "utf8",
  }).trim()

/** What a command that succeeds prints on standard output. */
const output = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await run(folder, args)
  expect(stderr).toBe("")
  expect(code).toBe(0)
  return stdout
}

const jsonOf = async (...args: ReadonlyArray<string>) => JSON.parse(await output(...args, "--json"))
const names: Array<string> = []

beforeAll(async () => {
  writeFileSync(join(folder, "demo.yaml"), DOCUMENT)
  git("init", "-q")
  git("add", "demo.yaml")
  git("commit", "-qm", "demo")
  for (const params of [[], [], ["--param", "word=two"]]) {
    const { code, stdout } = await run(folder, ["run", "demo.yaml", "--json", ...params])
    expect(code).toBe(0)
    names.push(JSON.parse(stdout).run)
  }
})

const [FIRST, SECOND, THIRD] = [0, 1, 2] as const
const nameOf = (index: number): string => names[index] ?? ""

describe("runs", () => {
  test("ls lists them, the newest first", async () => {
    const lines = (await output("runs", "ls")).trim().split("\n")
    expect(lines.map((line) => line.split(" ")[0])).toEqual([...names].reverse())
    expect(lines[0]).toMatch(/ demo +succeeded .* 4 tasks: 4 run$/)
    expect(lines[1]).toMatch(/ 4 tasks: 1 run, 3 cached$/)
    expect(await jsonOf("runs", "ls", "--limit", "1")).toMatchObject([
      { run: nameOf(THIRD), pipeline: "demo", status: "succeeded", counts: { succeeded: 4 } },
    ])
    expect(await output("runs", "ls", "--store", "elsewhere")).toBe("no runs\n")
  })

  test("show tells what a run was made of", async () => {
    const shown = await output("runs", "show")
    expect(shown).toContain(`run        ${nameOf(THIRD)}\n`)
    expect(shown).toContain(`git        ${git("rev-parse", "HEAD").slice(0, 12)} on `)
    expect(shown).toContain('params     word="two"\n')
    expect(shown).toMatch(
      /^copy\[n=1\] +succeeded .* (?:\d+ MB|\d+\.\d MB) +[0-9a-f]{12} +input `inputs.word` /m,
    )
    const record = await jsonOf("runs", "show", nameOf(FIRST).slice(-6))
    expect(record).toMatchObject({ run: nameOf(FIRST), git: { dirty: false }, params: { word: "one" } })
    expect(record.versions).toHaveProperty("diva-pipeline")
    expect(record.tasks[0].attempts).toMatchObject([{ attempt: 1, result: "succeeded" }])
  })

  test("show --task tells everything of one task, also of a cached one", async () => {
    const shown = await output("runs", "show", "--task", "say")
    expect(shown).toMatch(/^ {2}command +"echo/m)
    expect(shown).toMatch(/^ {2}1 {2}succeeded {2}began .*, peak .* MB, held 1 core/m)
    expect(shown).toMatch(/^log \.diva-pipeline\/runs\/.*\n {2}said$/m)
    const cached = await jsonOf("runs", "show", nameOf(SECOND), "--task", "copy[n=2]")
    expect(cached).toMatchObject({
      status: "cached",
      inputs: { "inputs.word": { kind: "output", shown: "say.output" } },
    })
  })

  test("show --html writes a page that needs nothing else", async () => {
    expect(await output("runs", "show", "--html", "run.html")).toBe("")
    const page = readFileSync(join(folder, "run.html"), "utf8")
    expect(page).toMatch(/^<!doctype html>\n.*class="bar succeeded".*copy\[n=2\].*<\/html>\n$/s)
    expect(page).toContain("word=&quot;two&quot;")
    expect(page).not.toMatch(/<script|<link|\b(?:src|href)=|url\(/)
  })

  test("diff explains what differs", async () => {
    const text = await output("runs", "diff", nameOf(FIRST), nameOf(THIRD))
    expect(text).toMatch(/^ {2}param word +"one" → "two"$/m)
    expect(text).toMatch(/^≠ copy\[n=1\], copy\[n=2\] {2}output\n {4}input `command` of say changed: /m)
    expect(text).toMatch(/^≠ dice {2}output\n {4}same key, different bytes/m)
    const difference = await jsonOf("runs", "diff", nameOf(FIRST), nameOf(SECOND))
    expect(difference.tasks).toMatchObject([{ task: "dice", causes: [{ kind: "chance" }] }])
    expect(difference.same).toBe(3)
    expect(await output("runs", "diff", nameOf(FIRST), nameOf(FIRST))).toContain("no result differs: 4 tasks")
  })

  test("trace writes files that trace viewers read", async () => {
    expect(await output("runs", "trace", "--output", "chrome.json")).toBe("")
    const chrome = JSON.parse(readFileSync(join(folder, "chrome.json"), "utf8"))
    expect(chrome.traceEvents.filter((event: { cat?: string }) => event.cat === "attempt")).toHaveLength(4)
    const otlp = JSON.parse(await output("runs", "trace", nameOf(SECOND), "--format", "otlp"))
    expect(otlp.resourceSpans[0].scopeSpans[0].spans[0]).toMatchObject({ name: "demo", kind: 1 })
  })

  test("unknown and ambiguous names are mistakes", async () => {
    const near = `${nameOf(FIRST).slice(0, -1)}x`
    const mistakes = [
      [["runs", "show", near], /there is no run ".*x"\n {2}hint: did you mean "/],
      [["runs", "show", nameOf(FIRST).slice(0, 10)], /may mean .*, .*\n {2}hint: give more/],
      [["runs", "show", "--task", "sya"], /has no task "sya"\n {2}hint: did you mean "say"/],
      [["runs", "rm"], /which runs\?/],
      [["runs", "rm", "--older-than", "soon"], /"soon" is no duration/],
      [["runs", "show", "--store", "elsewhere"], /there are no runs/],
    ] as const
    for (const [args, message] of mistakes) {
      const { code, stderr, stdout } = await run(folder, args)
      expect([code, stdout]).toEqual([2, ""])
      expect(stderr).toMatch(message)
    }
  })

  test("one that goes on is running and stays; one that was killed is unfinished", async () => {
    const going = start(folder, ["run", "demo.yaml", "--force", "dice", "--param", "word=$(sleep 60)"])
    await going.says("▸ say ")
    const [{ run: name, status }] = await jsonOf("runs", "ls", "--limit", "1")
    expect(status).toBe("running")
    const refused = await run(folder, ["runs", "rm", name, "--yes"])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(`still running: ${name}`)
    going.process.kill("SIGKILL")
    await going.ended
    expect(await jsonOf("runs", "ls", "--limit", "1")).toMatchObject([{ run: name, status: "unfinished" }])
    expect(await output("runs", "show", name)).toMatch(/^say +unfinished/m)
    await output("runs", "rm", name, "--yes")
  })

  test("rm says what it would remove, and removes it when told", async () => {
    const runs = join(folder, ".diva-pipeline", "runs")
    expect(await output("runs", "rm", "--keep", "1")).toContain("2 runs would be removed")
    expect(await output("runs", "rm", "--older-than", "1d", "--yes")).toBe("nothing to remove\n")
    expect(readdirSync(runs).filter((name) => name !== "latest")).toEqual(names)
    expect(await output("runs", "rm", nameOf(THIRD), "--yes")).toContain("removed 1 run")
    expect(existsSync(join(runs, nameOf(THIRD)))).toBe(false)
    expect(await output("runs", "show")).toContain(nameOf(SECOND))
  })
})

describe("peak memory", () => {
  test("counts the programs that a stage starts", async () => {
    const hold = "node -e 'const held = Buffer.alloc(3e8, 1); setTimeout(() => held, 1500)'"
    const stage = JSON.stringify({ uses: "exec", with: { command: `${hold}; touch "$OUTPUT/done"` } })
    writeFileSync(join(folder, "heavy.yaml"), `version: 1\nstages: { heavy: ${stage} }\n`)
    expect((await run(folder, ["run", "heavy.yaml"])).code).toBe(0)
    const { attempts } = await jsonOf("runs", "show", "--task", "heavy")
    expect(attempts[0].peakMemory).toBeGreaterThan(3e8)
  })
})

describe("graph", () => {
  test("draws a pipeline in each format", async () => {
    expect(await output("graph", "demo.yaml")).toMatch(/^flowchart TD\n {2}n0\["say<br\/>/)
    expect(await output("graph", "demo.yaml", "--format", "text", "--expand", "--status")).toMatch(
      /^copy\[n=2\] +exec · cached +← say$/m,
    )
    expect(await output("graph", "demo.yaml", "--format", "dot")).toMatch(/^digraph "demo" \{/)
    expect(await output("graph", "demo.yaml", "--format", "svg", "--output", "demo.svg")).toBe("")
    expect(readFileSync(join(folder, "demo.svg"), "utf8")).toMatch(/<svg.*copy.*exec × 2.*<\/svg>/s)
  })
})
