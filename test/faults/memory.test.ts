import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { root } from "../command/command.ts"
import { usePlace } from "./place.ts"

const place = usePlace()

const groups: Array<string> = []
afterEach(() => {
  for (const group of groups.splice(0)) rmdirSync(group)
})

/** A control group that has so many bytes of memory; undefined where none may be made. */
const makeGroup = (bytes: number): string | undefined => {
  const ways = [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const
  for (const [parent, limit] of ways) {
    const group = join(parent, `diva-test-${process.pid}`)
    try {
      mkdirSync(group)
      groups.push(group)
      if (!existsSync(join(group, limit))) continue
      writeFileSync(join(group, limit), `${bytes}`)
      return group
    } catch {
      // The next way.
    }
  }
  return undefined
}

test("a stage for which memory runs out is told so, and the engine goes on", (context) => {
  const work = place()
  const group = makeGroup(400_000_000)
  if (group === undefined) return context.skip("no control group can be made here")
  work.write(`
  hog: { uses: exec, retry: 1, with: { command: 'echo hungry; head -c 2000000000 /dev/zero | tail -n 1 > "$OUTPUT/a"' } }
  fine: { uses: exec, with: { command: 'echo fine > "$OUTPUT/a"' } }`)
  const program = join(root, "packages", "cli", "bin", "diva-pipeline")
  const script = `echo $$ > ${group}/cgroup.procs; exec ${program} run work.yaml`
  const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: work.folder, encoding: "utf8" })
  expect(status, stderr).toBe(1)
  expect(stderr).toMatch(/^✗ hog +failed: (the command ended with code 137|.*SIGKILL)/m)
  expect(stderr).toContain("hungry")
  expect(stderr).toMatch(/hint: the system kills processes when memory runs out/)
  expect(stderr).toMatch(/^✓ fine/m)
})
