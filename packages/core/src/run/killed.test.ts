import { type ChildProcess, spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Store } from "../store/index.ts"
import { engine, makeFolder, node, removeFolder } from "./fixtures/engine.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

const start = (folder: string, pause: number): ChildProcess =>
  spawn(node, ["--no-warnings", join(import.meta.dirname, "fixtures/run-diamond.ts"), folder, `${pause}`], {
    stdio: ["ignore", "pipe", "inherit"],
  })

const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.on("close", (code) => resolve(code)))

const outputOf = (child: ChildProcess): { text: string } => {
  const said = { text: "" }
  child.stdout?.on("data", (chunk) => {
    said.text += chunk
  })
  return said
}

const resultsOf = (folder: string): ReadonlyArray<string> => {
  const results = join(folder, "results")
  const names = readdirSync(results, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => `${file.slice(results.length)} ${readFileSync(file, "utf8")}`)
}

const undisturbed = (async () => {
  const folder = join(base, "undisturbed")
  assert.strictEqual(await endOf(start(folder, 20)), 0)
  return resultsOf(folder)
})()

describe("a run that is killed", () => {
  it("at any moment is finished by the next one, with the same bytes", async () => {
    const expected = await undisturbed
    const folder = join(base, "killed")
    // Kills spread over the run: after start-up, a little later each time, until a run gets through.
    let wait = 20
    for (let kills = 0; kills < 5; kills++) {
      const child = start(folder, 20)
      child.stdout?.once("data", () => setTimeout(() => child.kill("SIGKILL"), wait))
      wait = 20 + ((wait * 7) % 1300)
      await endOf(child)
    }
    const last = start(folder, 20)
    assert.strictEqual(await endOf(last), 0)
    assert.deepStrictEqual(resultsOf(folder), expected)
    assert.deepStrictEqual(readdirSync(join(folder, "store", "work")), [])
    assert.deepStrictEqual(readdirSync(join(folder, "store", "leases")), [])
    await Effect.runPromise(
      Effect.provide(
        Effect.gen(function* () {
          const store = yield* Store
          const trees = join(store.root, "trees")
          for (const part of readdirSync(trees)) {
            for (const digest of readdirSync(join(trees, part))) yield* store.verify(digest)
          }
        }),
        engine(folder),
      ),
    )
  })

  it("leaves its turn to a second one that runs at the same time", async () => {
    const expected = await undisturbed
    const folder = join(base, "together")
    const [one, two] = [start(folder, 100), start(folder, 100)]
    const [first, second] = [outputOf(one), outputOf(two)]
    assert.deepStrictEqual(await Promise.all([endOf(one), endOf(two)]), [0, 0])
    assert.strictEqual(resultsOf(folder).length, expected.length)
    const computed = [first, second].map(({ text }) => text.match(/TaskSucceeded/g)?.length ?? 0)
    assert.strictEqual((computed[0] ?? 0) + (computed[1] ?? 0), 5, "every task was computed by one of them")
  })
})
