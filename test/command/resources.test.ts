import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

let folder = ""
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => removeFolder(folder))

const write = (text: string): void =>
  writeFileSync(join(folder, "work.yaml"), `version: 1\nname: work\n${text}`)

/** Tasks that leave a mark while they run, wait until there are so many as wanted, and tell how many they have seen. */
const CROWD = `pools: { licence: 2 }
stages:
  one:
    uses: exec
    cache: false
    matrix: { n: [1, 2] }
    with:
      command: |
        echo > "$MARKS/\${{ matrix.n }}"
        for i in $(seq 300); do
          seen=$(ls "$MARKS" | wc -l)
          if [ "$seen" -ge "$WANTED" ]; then break; fi
          sleep 0.1
        done
        echo $seen >> "$MARKS.seen"
        rm "$MARKS/\${{ matrix.n }}"
    secrets: [MARKS, WANTED]
    resources: { licence: 1, cpu: 0.5, memory: 600MB }
`

test("pools, cores and memory bound what runs at a time; the command line wins over the document", async () => {
  write(CROWD)
  const marks = join(folder, "marks")
  mkdirSync(marks)
  const seen = async (wanted: number, ...args: ReadonlyArray<string>): Promise<number> => {
    writeFileSync(`${marks}.seen`, "")
    const env = { MARKS: marks, WANTED: `${wanted}` }
    const { code, stderr } = await run(folder, ["run", "work.yaml", ...args], { env })
    expect(stderr).not.toContain("more than the machine has")
    expect(code).toBe(0)
    return Math.max(...readFileSync(`${marks}.seen`, "utf8").trim().split("\n").map(Number))
  }
  const enough = ["--resource", "cpu=4", "--resource", "memory=4GB"]
  expect(await seen(2, ...enough)).toBe(2)
  expect(await seen(1, ...enough, "--resource", "licence=1")).toBe(1)
  expect(await seen(1, ...enough, "--resource", "cpu=0.5")).toBe(1)
  expect(await seen(1, ...enough, "--resource", "memory=1GB")).toBe(1)
})

test("each attempt holds what it is given", async () => {
  write(`stages:
  flaky:
    uses: exec
    with: { command: '[ -e "$TRACE" ] || { echo > "$TRACE"; exit 75; }' }
    secrets: [TRACE]
    retry: { attempts: 2, delay: 10ms }
    resources: { memory: [64MB, 128MB] }
`)
  const env = { TRACE: join(folder, "trace") }
  expect((await run(folder, ["run", "work.yaml"], { env })).code).toBe(0)
  const { stdout } = await run(folder, ["runs", "show", "--task", "flaky", "--json"])
  expect(JSON.parse(stdout).attempts).toMatchObject([
    { result: "failed", resources: { memory: 64 } },
    { result: "succeeded", resources: { memory: 128 } },
  ])
})

test("wrong amounts are told before anything runs", async () => {
  write(CROWD.replace("licence: 1,", "licence: 2,"))
  const env = { MARKS: folder, WANTED: "1" }
  const wrong = async (amount: string, message: RegExp) => {
    const { code, stdout, stderr } = await run(folder, ["run", "work.yaml", "--resource", amount], { env })
    expect(stderr).toMatch(message)
    expect(stdout).toBe("")
    expect(code).toBe(2)
  }
  await wrong("cpu=0", /^error: --resource cpu=0: cores are a number above 0$/m)
  await wrong("memory=2", /^error: --resource memory=2: this is no size\n +hint: sizes look like 512MB/m)
  await wrong("gpu=1.5", /^error: --resource gpu=1\.5: this must be a whole number, at least 0$/m)
  await wrong("licence=0", /^error: --resource licence=0: this must be a whole number, at least 1$/m)
  await wrong("licnce=2", /has no pool "licnce"\n +hint: did you mean "licence"\?/)
  await wrong("licence=1", /^error: --resource licence=1: one\[n=1\] takes 2 of it$/m)
})
