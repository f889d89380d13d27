import { chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run, start } from "./command.ts"

let folder = ""
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => removeFolder(folder))

/** Two stages; the second one writes a text of ours, and takes its time when told to. */
const write = (text: string, pause = 0): void =>
  writeFileSync(
    join(folder, "work.yaml"),
    `version: 1
name: work
stages:
  base: { uses: exec, with: { command: 'echo base > "$OUTPUT/base.txt"' } }
  slow:
    uses: exec
    with:
      command: 'echo at work; sleep ${pause}; cat "$INPUT_BASE/base.txt" > "$OUTPUT/b.txt"; echo ${text} >> "$OUTPUT/b.txt"'
      inputs: { base: "\${{ stages.base.outputs.output }}" }
  last:
    uses: exec
    with:
      command: 'cat "$INPUT_BASE/base.txt" "$INPUT_SLOW/b.txt" > "$OUTPUT/all.txt"'
      inputs:
        base: "\${{ stages.base.outputs.output }}"
        slow: "\${{ stages.slow.outputs.output }}"
outputs:
  all: "\${{ stages.last.outputs.output }}"
`,
  )

const cache = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await run(folder, ["cache", ...args])
  expect(stderr).toBe("")
  expect(code).toBe(0)
  return stdout
}

const json = async (...args: ReadonlyArray<string>): Promise<Record<string, unknown>> =>
  JSON.parse(await cache(...args, "--json"))

const runWork = async (): Promise<string> => {
  const { code, stderr } = await run(folder, ["run", "work.yaml"])
  expect(code, stderr).toBe(0)
  return stderr
}

describe("the cache", () => {
  test("is listed, and says where things are", async () => {
    expect(await cache("ls")).toContain("0 results, 0 B")
    write("one")
    await runWork()
    const list = await cache("ls")
    expect(list).toMatch(/^base +exec +5 B .*[0-9a-f]{12}$/m)
    expect(list).toMatch(/^3 results, /m)
    const { results } = await json("ls")
    expect(results).toContainEqual(expect.objectContaining({ tasks: ["slow"], stage: "exec", pinned: false }))
    const path = (await cache("path", "base")).trim()
    expect(readFileSync(join(path, "base.txt"), "utf8")).toBe("base\n")
    const { digest } = await json("path", "base.output")
    expect((await cache("path", `${digest}`.slice(0, 9))).trim()).toBe(path)
    const unknown = await run(folder, ["cache", "path", "nothing"])
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toContain("nothing in the store is called nothing")
  })

  test("is verified; what is damaged is set aside and made anew", async () => {
    write("one")
    await runWork()
    expect(await cache("verify")).toBe("3 artefacts checked, 0 damaged\n")
    const file = join((await cache("path", "base")).trim(), "base.txt")
    const { atime, mtime } = statSync(file)
    chmodSync(file, 0o644)
    writeFileSync(file, "bass\n")
    // The times say nothing: only reading it can tell.
    utimesSync(file, atime, mtime)
    const { code, stdout, stderr } = await run(folder, ["cache", "verify"])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^✗ [0-9a-f]{12} {2}the content of its file base.txt was changed$/m)
    expect(stderr).toContain("1 artefact damaged and set aside")
    expect(await runWork()).toMatch(/^✓ slow +cached/m)
    expect(await cache("verify")).toBe("3 artefacts checked, 0 damaged\n")
    expect(await cache("gc")).toMatch(/folder .*damaged/)
  })

  test("is cleared by name, first in words", async () => {
    write("one")
    await runWork()
    expect(await cache("rm", "slow")).toMatch(/would remove 1 result, 1 artefact, .*--yes does it/)
    expect(await runWork()).not.toMatch(/^✓ slow +\d/m)
    expect(await cache("rm", "slow", "--yes")).toContain("removed 1 result")
    expect((await json("ls")).results).toHaveLength(2)
    expect(await runWork()).toMatch(/^✓ base +cached/m)
    expect((await json("ls")).results).toHaveLength(3)
    expect(await cache("rm", "exec", "--yes")).toContain("removed 3 results")
    expect(await cache("ls")).toContain("0 results, 0 B")
  })

  test("keeps what recent runs and pins need", async () => {
    write("one")
    await runWork()
    await cache("pin", "slow")
    write("two")
    await runWork()
    expect(await cache("gc")).toBe("nothing to remove\n")
    const words = await cache("gc", "--runs", "1", "--days", "0")
    // Of the first run goes what the second one has not used, but for the pinned one.
    expect(words).toMatch(/would remove 1 result, 1 artefact/)
    await cache("gc", "--runs", "1", "--days", "0", "--yes")
    expect((await json("ls")).results).toHaveLength(4)
    write("one")
    expect(await runWork()).toMatch(/^✓ slow +cached/m)
    await cache("unpin", "slow")
    write("two")
    await runWork()
    expect(await cache("gc", "--runs", "1", "--days", "0", "--yes")).toMatch(/removed 2 results/)
  })

  test("is safe to clear beside a run", async () => {
    write("one")
    await runWork()
    write("two", 4)
    const second = start(folder, ["run", "work.yaml"])
    await second.says("base")
    while (!existsSync(join(folder, ".diva-pipeline/work"))) await new Promise((done) => setTimeout(done, 20))
    await new Promise((done) => setTimeout(done, 500))
    const gone = await json("gc", "--runs", "0", "--days", "0", "--yes")
    expect(gone.artefacts).toHaveLength(2)
    const { code, stderr } = await second.ended
    expect(code, stderr).toBe(0)
    expect(readFileSync(join(folder, "results/work/all/all.txt"), "utf8")).toBe("base\nbase\ntwo\n")
    expect(await cache("verify")).toBe("3 artefacts checked, 0 damaged\n")
  })

  test("of a newer program is left alone", async () => {
    write("one")
    await runWork()
    writeFileSync(join(folder, ".diva-pipeline/store.json"), '{"format":99}\n')
    for (const command of [
      ["run", "work.yaml"],
      ["plan", "work.yaml"],
      ["cache", "ls"],
    ]) {
      const { code, stderr } = await run(folder, command)
      expect(code).toBe(1)
      expect(stderr).toContain("has format 99, and this program reads 3")
      expect(stderr).toContain("use the newer program")
    }
  })
})
