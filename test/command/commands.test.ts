import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, root, run } from "./command.ts"
import { writeTiny } from "./tiny.ts"

const folder = makeFolder()
writeTiny(folder)
afterAll(() => removeFolder(folder))

/** What a command that succeeds prints on standard output. */
const output = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await run(folder, args)
  expect(stderr).toBe("")
  expect(code).toBe(0)
  return stdout
}

const escapeCode = "\u001b["

describe("the command", () => {
  test("helps everywhere", async () => {
    expect(await output("--help")).toContain("validate")
    for (const command of ["run", "plan", "validate", "stages", "cache", "backend"])
      expect(await output(command, "--help")).toContain(`diva-pipeline ${command}`)
    expect(await output("--version")).toContain("0.1.0")
    for (const shell of ["bash", "zsh", "fish"]) {
      const script = await output("--completions", shell)
      for (const word of ["diva-pipeline", "resume", "dry-run", "resource"]) expect(script).toContain(word)
    }
  })

  test("has a page that tells of every command, and of every option of the main ones", async () => {
    const page = readFileSync(join(root, "docs", "commands.md"), "utf8")
    const [, list = ""] = (await output("--help")).split("SUBCOMMANDS")
    const commands = [...list.matchAll(/^ {2}(\S+)/gm)].map(([, name = ""]) => name)
    expect(commands).toContain("resume")
    for (const name of commands) expect(page).toContain(`| [\`${name}\`](#${name}) |`)
    for (const name of ["run", "resume", "graph"]) {
      const section = page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0]
      const [flags = ""] = (await output(name, "--help")).split("GLOBAL FLAGS")
      for (const [flag] of flags.matchAll(/^ {2}--[a-z-]+/gm)) expect(section).toContain(flag.trim())
    }
  })

  test("lists its stages, and shows one with its schema", async () => {
    const list = await output("stages")
    for (const stage of ["dataset/scenes", "weights/fetch", "train/diva", "evaluate/mmvp", "exec"])
      expect(list).toMatch(new RegExp(`^${stage} +[A-Z]`, "m"))
    expect(await output("stages", "train/diva")).toMatch(/learning-rate/)
    const shown: unknown = JSON.parse(await output("stages", "train/diva", "--json"))
    expect(shown).toMatchObject({ name: "train/diva", input: { type: "object" } })
  })

  test("colours nothing but terminals, unless it is told to", async () => {
    expect(await output("stages")).not.toContain(escapeCode)
    const forced = await run(folder, ["plan", "tiny.yaml"], { env: { FORCE_COLOR: "1" } })
    expect(forced.stdout).toContain(escapeCode)
    const plain = await run(folder, ["plan", "tiny.yaml"], { env: { NO_COLOR: "1" } })
    expect(plain.stdout).not.toContain(escapeCode)
  })

  test("says what would run, for people and for machines", async () => {
    expect(await output("plan", "tiny.yaml")).toMatch(/^▸ scenes +runs: never ran$/m)
    const plan: unknown = JSON.parse(await output("plan", "tiny.yaml", "--json"))
    expect(plan).toContainEqual(expect.objectContaining({ task: "scenes" }))
    expect(await output("validate", "tiny.yaml")).toBe("tiny.yaml: fine, 12 tasks\n")
  })

  test("tells its tensor backend", async () => {
    const status: unknown = JSON.parse(await output("backend", "status", "--json"))
    expect(status).toHaveProperty("backend")
  })
})

describe("the pipelines that come with the project", () => {
  test.each(["quickstart", "pretrain-micro", "own-images", "seeds"])("%s is right", async (name) => {
    const document = join(root, "pipelines", `${name}.yaml`)
    const params = readFileSync(document, "utf8").includes("format: path")
      ? ["--param", `images=${folder}`]
      : []
    expect(await output("validate", document, ...params)).toMatch(/fine, \d+ tasks\n$/)
  })

  test("are those that the README shows", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8")
    const shown = [...readme.matchAll(/```yaml\n([^`]+)```/g)].map(([, text = ""]) => text)
    const seeds = readFileSync(join(root, "pipelines", "seeds.yaml"), "utf8")
    expect(shown.some((text) => seeds.endsWith(text))).toBe(true)
  })
})
