import { lutimesSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { describe, expect, test } from "vitest"
import { type Place, usePlace } from "./place.ts"

const place = usePlace()

const DAY = 86_400_000

const STAGES = `
  first:
    uses: exec
    with: { command: 'cp "$INPUT_LIST" "$OUTPUT/list"', inputs: { list: ./list.txt } }
  second:
    uses: exec
    with: { command: 'wc -l < "$INPUT_FIRST/list" > "$OUTPUT/lines"', inputs: { first: "\${{ stages.first.outputs.output }}" } }`

/** The environment of a command whose clock is so many days ahead of ours. */
const clockAhead = (work: Place, days: number) => {
  const file = join(work.folder, `clock-${days}.mjs`)
  writeFileSync(
    file,
    `const now = Date.now
globalThis.Date = class extends Date {
  constructor(...parts) {
    if (parts.length === 0) super(now() + ${days * DAY})
    else super(...parts)
  }
  static now() {
    return now() + ${days * DAY}
  }
}
`,
  )
  return { env: { NODE_OPTIONS: `--import ${file}` } }
}

/** Gives everything in a folder times of so many days from now, as a file system has them whose clock was ahead. */
const setTimes = (folder: string, days: number): void => {
  const time = new Date(Date.now() + days * DAY)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    lutimesSync(join(entry.parentPath, entry.name), time, time)
  }
}

const begin = (): Place => {
  const work = place()
  work.write(STAGES, { lines: "second.output", list: "first.output" })
  writeFileSync(join(work.folder, "list.txt"), "one\ntwo\n")
  return work
}

const cachedIn = (said: string): number => said.match(/ cached$/gm)?.length ?? 0

describe("a clock that is set back between two runs", () => {
  test("changes no result: what is unchanged is found, what has changed is noticed", async () => {
    const work = begin()
    const list = join(work.folder, "list.txt")
    const later = new Date(Date.now() + 400 * DAY)
    utimesSync(list, later, later)
    await work.succeed([], clockAhead(work, 400))
    expect(cachedIn(await work.succeed())).toBe(2)
    expect(cachedIn(await work.succeed([], clockAhead(work, -400)))).toBe(2)
    // Other content of the same length, under a time before that of the first.
    writeFileSync(list, "one\ntoo\n")
    utimesSync(list, new Date(0), new Date(0))
    const said = await work.succeed([], clockAhead(work, -400))
    expect(said).toMatch(/^▸ first +started: source list.txt changed/m)
    expect(work.result("list/list")).toBe("one\ntoo\n")
    // The same content again, with the first one's time.
    writeFileSync(list, "one\ntwo\n")
    utimesSync(list, later, later)
    expect(cachedIn(await work.succeed())).toBe(2)
    expect(work.result("list/list")).toBe("one\ntwo\n")
  })

  test("leaves a store whose files are of the future sound, and damage in it is noticed", async () => {
    const work = begin()
    await work.succeed([], clockAhead(work, 400))
    setTimes(work.store, 400)
    expect(cachedIn(await work.succeed())).toBe(2)
    setTimes(work.store, 401)
    const file = work.filesOf("trees").find((one) => basename(one) === "lines") ?? ""
    work.damage(file, () => Buffer.from("3\n"))
    utimesSync(file, new Date(Date.now() + 401 * DAY), new Date(Date.now() + 401 * DAY))
    expect(await work.succeed()).toMatch(/^▸ second +started: .*(damaged|changed)/m)
    expect(work.result("lines/lines").trim()).toBe("2")
    expect(cachedIn(await work.succeed())).toBe(2)
  })

  test("does no harm to the history, nor to what collects garbage", async () => {
    const work = begin()
    await work.succeed([], clockAhead(work, 400))
    const [ahead = ""] = readdirSync(join(work.store, "runs"))
    expect(Date.parse(ahead.slice(0, 10))).toBeGreaterThan(Date.now() + 398 * DAY)
    await work.succeed()
    const shown = await work.command(["runs", "show"])
    expect(shown.stdout).not.toContain(ahead)
    for (const args of [
      ["runs", "ls"],
      ["runs", "show"],
      ["cache", "ls"],
      ["cache", "verify"],
      ["cache", "gc"],
    ]) {
      const { code, stderr, stdout } = await work.command(args)
      expect(code, stderr).toBe(0)
      expect(stdout + stderr).not.toMatch(/-\d+(\.\d+)? (s|min|h|d)\b/)
    }
    const { code, stderr } = await work.command(["cache", "gc", "--yes"])
    expect(code, stderr).toBe(0)
    expect(cachedIn(await work.succeed())).toBe(2)
  })
})
