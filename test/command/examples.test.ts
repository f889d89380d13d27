import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { makeFolder, removeFolder, root, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const page = readFileSync(join(root, "docs", "api.md"), "utf8")

/** Runs a program of `examples/` in the tests' folder, as the page says. */
const runExample = (name: string) =>
  spawnSync(join(root, "node_modules", ".bin", "node"), [join(root, "examples", name)], {
    cwd: folder,
    encoding: "utf8",
  })

test("the page shows the examples as they are", () => {
  const shown = [...page.matchAll(/```(?:ts|yaml)\n(?:\/\/|#) (examples\/\S+)\n[\s\S]*?```/g)]
  expect(shown.map(([, file]) => file)).toHaveLength(page.match(/```(ts|yaml)/g)?.length ?? 0)
  for (const [block, file = ""] of shown) {
    expect(block.replace(/^```\w+\n|```$/g, "")).toBe(readFileSync(join(root, file), "utf8"))
  }
})

test("the first program runs, and finds its results at the second run", () => {
  const first = runExample("first.ts")
  expect(first.stderr).toBe("")
  expect(first.stdout).toMatch(
    /^scenes: succeeded\npack: succeeded\nsucceeded: .*\/results\/first\/shards\n$/,
  )
  expect(runExample("first.ts").stdout).toMatch(/^scenes: cached\npack: cached\n/)
})

test("mistakes are told as the page says", () => {
  const { stderr, stdout } = runExample("mistakes.ts")
  expect(stdout).toBe("")
  expect(page).toContain(`\`\`\`text\n${stderr.replaceAll(/^\S+\/(?=examples\/)/gm, "").trimEnd()}\n\`\`\``)
})

test("a document and a program with the same stage share its results", async () => {
  expect(runExample("pick.ts").stdout).toMatch(/^scenes: \w+\npick: succeeded\n$/)
  const { code, stdout } = await run(folder, ["run", join(root, "examples", "pick.yaml"), "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).tasks.map(({ status }: { readonly status: string }) => status)).toEqual([
    "cached",
    "cached",
  ])
})

test("a sweep has the names of a document's matrix, and ends with the path of its report", () => {
  const { stderr, stdout } = runExample("sweep.ts")
  expect(stderr).toBe("")
  const lines = stdout.trim().split("\n")
  expect(lines).toContain("score[seed=2,view=all-tokens]")
  expect(lines.at(-1)).toBe(join(folder, "results/sweep/report"))
  expect(existsSync(join(folder, "results/sweep/report/index.html"))).toBe(true)
})

test("a run ends when nobody listens to its events, and keeps what was finished", () => {
  const { stderr, stdout } = runExample("events.ts")
  expect(stderr).toBe("")
  expect(stdout).toMatch(/^TaskStarted scenes\n[\s\S]*TaskSucceeded scenes\n/)
  expect(stdout).toMatch(/succeeded: scenes cached, pack succeeded\n$/)
})

test("hosts run the stages of a registry of one's own", () => {
  const { stderr, stdout } = runExample("own-registry/sum.ts")
  expect([stderr, stdout]).toEqual(["", "5050\n"])
})
