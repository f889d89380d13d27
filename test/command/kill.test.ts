import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run, start } from "./command.ts"
import { reportOf, writeTiny } from "./tiny.ts"

const folders = { undisturbed: makeFolder(), killed: makeFolder() }
afterAll(() => Object.values(folders).forEach(removeFolder))

let wanted: Readonly<Record<string, string>>
beforeAll(async () => {
  for (const folder of Object.values(folders)) writeTiny(folder)
  await run(folders.undisturbed, ["run", "tiny.yaml"])
  wanted = reportOf(folders.undisturbed)
}, 240_000)

describe("a run that is killed", () => {
  test.each([3, 7, 11, 15, 19, 22])(
    "after line %i goes on when run again, and ends with the same report",
    async (lines) => {
      rmSync(join(folders.killed, ".diva-pipeline"), { recursive: true, force: true })
      const killed = start(folders.killed, ["run", "tiny.yaml"])
      await killed.printed(lines)
      killed.process.kill("SIGKILL")
      expect((await killed.ended).code).toBeNull()
      const again = await run(folders.killed, ["run", "tiny.yaml"])
      expect(again.code).toBe(0)
      expect(reportOf(folders.killed)).toEqual(wanted)
      const finished = (await killed.ended).stderr.match(/^✓ \S+/gm) ?? []
      for (const line of finished) expect(again.stderr).toMatch(new RegExp(`^${line} +cached$`, "m"))
    },
    240_000,
  )

  test("again and again comes to an end all the same", async () => {
    rmSync(join(folders.killed, ".diva-pipeline"), { recursive: true, force: true })
    for (const text of ["✓ scenes", "✓ inject", "✓ train", "✓ pairs-after"]) {
      const killed = start(folders.killed, ["run", "tiny.yaml"])
      await killed.says(text)
      killed.process.kill("SIGKILL")
      await killed.ended
    }
    const last = await run(folders.killed, ["run", "tiny.yaml"])
    expect(last.code).toBe(0)
    expect(last.stderr).toMatch(/^✓ train +cached$/m)
    expect(reportOf(folders.killed)).toEqual(wanted)
  }, 240_000)
})
