import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { start } from "../command/command.ts"
import { childrenOf, nameOf, processesOf } from "../soak/processes.ts"
import { usePlace } from "./place.ts"

const place = usePlace()

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Waits until something is so, or for as long as a busy machine may take. */
const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 600 && !condition(); turn++) await sleep(50)
}

/** Nothing that was started may be left. */
const expectNobody = async (folder: string): Promise<void> => {
  await until(() => processesOf(folder).length === 0)
  expect(processesOf(folder).map(nameOf)).toEqual([])
}

/** What a command and its children do that cannot be asked to end. */
const DEAF = `trap '' TERM INT HUP
        sh -c 'trap "" TERM INT HUP; sleep 600' &
        echo x > "$BEGUN"
        sleep 600 &
        while :; do wait; sleep 600; done`

const stage = (command: string, more = ""): string =>
  `  a:\n    uses: exec\n    secrets: [BEGUN]\n    retry: 1\n${more}    with:\n      command: |\n        ${command}\n`

describe.skipIf(process.platform !== "linux")("no process is left behind", () => {
  test("when the engine and its host are killed together, and the next run completes", async () => {
    const work = place()
    const begun = join(work.folder, "begun")
    const both = `if [ -e "$BEGUN" ]; then echo right > "$OUTPUT/a"; exit 0; fi\n        ${DEAF}`
    work.write(stage(both), { all: "a.output" })
    const running = start(work.folder, ["run", "work.yaml"], { env: { BEGUN: begun } })
    await until(() => existsSync(begun))
    const engine = running.process.pid ?? 0
    const hosts = childrenOf(engine)
    expect(hosts).toHaveLength(1)
    for (const pid of [engine, ...hosts]) process.kill(pid, "SIGKILL")
    expect((await running.ended).code).toBeNull()
    await expectNobody(work.folder)
    await work.succeed([], { env: { BEGUN: begun } })
    expect(work.result("all/a")).toBe("right\n")
  })

  test("when a stage that ignores SIGTERM, with children that do so too or have left its group, runs out of time", async () => {
    const work = place()
    const begun = join(work.folder, "begun")
    work.write(
      stage(
        `setsid sh -c 'echo $$ > "$BEGUN.session"; exec sleep 600' &\n        ${DEAF}`,
        "    timeout: 2s\n",
      ),
    )
    const said = await work.fail([], { env: { BEGUN: begun } })
    expect(said).toMatch(/^✗ a +failed: exec took longer than its timeout of 2 s/m)
    expect(Number(readFileSync(`${begun}.session`, "utf8"))).toBeGreaterThan(1)
    await expectNobody(work.folder)
    expect(work.leftovers()).toEqual([])
  })
})
