import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

let folder = ""
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => removeFolder(folder))

const write = (file: string, text: string): void => writeFileSync(join(folder, file), text)

interface Task {
  readonly id: string
  readonly status: string
}

/** Runs a document, and gives the statuses of its tasks. */
const statuses = async (...args: ReadonlyArray<string>): Promise<Readonly<Record<string, string>>> => {
  const { stdout } = await run(folder, ["run", "work.yaml", ...args, "--json"])
  const tasks: ReadonlyArray<Task> = JSON.parse(stdout).tasks
  return Object.fromEntries(tasks.map(({ id, status }) => [id, status]))
}

const CHAIN = `version: 1
name: work
stages:
  a: { uses: exec, with: { command: 'echo a > "$OUTPUT/a"' } }
  b: { uses: exec, with: { command: 'cp "$INPUT_A/a" "$OUTPUT/b"', inputs: { a: "\${{ stages.a.outputs.output }}" } } }
  c: { uses: exec, with: { command: 'cp "$INPUT_B/b" "$OUTPUT/c"', inputs: { b: "\${{ stages.b.outputs.output }}" } } }
  other: { uses: exec, with: { command: 'echo other > "$OUTPUT/o"' } }
`

test("--until, --only, --from and --force choose what runs", async () => {
  write("work.yaml", CHAIN)
  const early = await run(folder, ["run", "work.yaml", "--only", "b"])
  expect(early.code).toBe(1)
  expect(early.stderr).toContain(
    "`a`, which is needed, is not cached: never ran\n  hint: run it first: --until a",
  )
  expect(await statuses("--until", "b")).toEqual({ a: "succeeded", b: "succeeded" })
  expect(await statuses("--only", "c")).toEqual({ a: "cached", b: "cached", c: "succeeded" })
  expect(await statuses("--from", "b")).toEqual({
    a: "cached",
    b: "succeeded",
    c: "succeeded",
    other: "succeeded",
  })
  expect(await statuses("--force", "a", "--until", "c")).toEqual({ a: "succeeded", b: "cached", c: "cached" })
  const unknown = await run(folder, ["run", "work.yaml", "--from", "othre"])
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toMatch(/has no stage or task `othre`\n +hint: did you mean `other`\?/)
})

test("--fail-fast begins nothing new after a failure, and cancels what runs", async () => {
  write(
    "work.yaml",
    `version: 1
name: work
stages:
  slow: { uses: exec, with: { command: 'echo > "$TRACE"; sleep 1000' }, secrets: [TRACE] }
  bad: { uses: exec, with: { command: 'while [ ! -e "$TRACE" ]; do sleep 0.1; done; exit 1' }, secrets: [TRACE] }
  later: { uses: exec, with: { command: "true" }, resources: { cpu: 2 } }
`,
  )
  const args = ["run", "work.yaml", "--fail-fast", "--resource", "cpu=2", "--json"]
  const { code, stdout } = await run(folder, args, { env: { TRACE: join(folder, "trace") } })
  expect(code).toBe(1)
  const { status, tasks } = JSON.parse(stdout)
  expect(status).toBe("failed")
  expect(tasks).toMatchObject([
    { id: "slow", status: "cancelled" },
    { id: "bad", status: "failed" },
    { id: "later", status: "cancelled" },
  ])
})

test("profiles and overlays change the document, the last one winning", async () => {
  write(
    "work.yaml",
    `version: 1
name: work
params: { word: { type: string, default: document } }
profiles:
  one: { params: { word: { default: profile one } } }
  two: { params: { word: { default: profile two } } }
stages: { say: { uses: exec, with: { command: 'echo "\${{ params.word }}" > "$OUTPUT/said"' } } }
outputs: { said: "\${{ stages.say.outputs.output }}" }
`,
  )
  write("mine.yaml", "params: { word: { default: overlay } }\n")
  write("more.yaml", "profiles: { three: { params: { word: { default: profile three } } } }\n")
  const said = async (...args: ReadonlyArray<string>): Promise<string> => {
    const { code, stderr } = await run(folder, ["run", "work.yaml", "--json", ...args])
    expect(stderr).toBe("")
    expect(code).toBe(0)
    return readFileSync(join(folder, "results", "work", "said", "said"), "utf8").trim()
  }
  expect(await said()).toBe("document")
  expect(await said("--profile", "one", "--profile", "two")).toBe("profile two")
  expect(await said("-f", "mine.yaml", "--profile", "one")).toBe("overlay")
  expect(await said("-f", "more.yaml", "--profile", "three")).toBe("profile three")
  expect(await said("--overlay", "mine.yaml", "--profile", "two", "--param", "word=param")).toBe("param")
  const unknown = await run(folder, ["run", "work.yaml", "--profile", "oen"])
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toContain("did you mean `one`?")
})

test("`cache: read-only` takes from the store, and leaves nothing there", async () => {
  const document = (cache: string) => `version: 1
name: work
stages:
  say: { uses: exec, cache: ${cache}, with: { command: 'echo word > "$OUTPUT/said"' } }
  copy: { uses: exec, with: { command: 'cp "$INPUT_SAID/said" "$OUTPUT"', inputs: { said: "\${{ stages.say.outputs.output }}" } } }
outputs: { said: "\${{ stages.say.outputs.output }}" }
`
  write("work.yaml", document("read-only"))
  const results = async () => JSON.parse((await run(folder, ["cache", "ls", "--json"])).stdout).results
  expect(await statuses()).toEqual({ say: "succeeded", copy: "succeeded" })
  expect(readFileSync(join(folder, "results", "work", "said", "said"), "utf8")).toBe("word\n")
  expect(await results()).toHaveLength(1)
  expect(readdirSync(join(folder, ".diva-pipeline", "work"))).toEqual([])
  // It runs again, with the same content: what reads it has nothing new to see.
  expect(await statuses()).toEqual({ say: "succeeded", copy: "cached" })
  write("work.yaml", document("true"))
  expect(await statuses()).toEqual({ say: "succeeded", copy: "cached" })
  write("work.yaml", document("read-only"))
  expect(await statuses()).toEqual({ say: "cached", copy: "cached" })
})
