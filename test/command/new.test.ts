import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, root, run } from "./command.ts"

/** A folder from which Node finds the workspace's packages, as in a clone. */
const folder = makeFolder()
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
afterAll(() => removeFolder(folder))

/** Compilers, test runners and the command are started one after another. */
const patient = { timeout: 240_000 }

/** Runs a program of the workspace, without a network: no registry is where the variables say. */
const tool = (cwd: string, name: string, ...args: ReadonlyArray<string>): string => {
  const bin = join(root, "node_modules", ".bin")
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    npm_config_registry: "http://127.0.0.1:9/",
    // Tests of tests: this one is nobody's child.
    NODE_TEST_CONTEXT: undefined,
  }
  const { status, stdout, stderr } = spawnSync(name, args, { cwd, env, encoding: "utf8" })
  expect([status, status === 0 ? "" : `${stdout}${stderr}`]).toEqual([0, ""])
  return stdout
}

/** Runs `diva-pipeline new`, and gives the files that it says it has written. */
const make = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { code, stdout, stderr } = await run(folder, ["new", ...args])
  expect([code, stderr]).toEqual([0, ""])
  const [, written = ""] = /^written\n([\s\S]*)^next$/m.exec(stdout) ?? []
  return written.match(/\S+/g) ?? []
}

const statuses = async (cwd: string, document: string): Promise<ReadonlyArray<string>> => {
  const { code, stdout, stderr } = await run(cwd, ["run", document, "--json"])
  expect([code, stderr]).toEqual([0, ""])
  return JSON.parse(stdout).tasks.map(({ status }: { readonly status: string }) => status)
}

describe("a new stage", () => {
  test("has the right types and a test that passes, and runs in a document", patient, async () => {
    expect(await make("stage", "widest")).toEqual(["stages/widest.ts", "stages/widest.test.ts"])
    cpSync(join(root, "packages/cli/templates/package/tsconfig.json"), join(folder, "tsconfig.json"))
    writeFileSync(
      join(folder, "only.json"),
      JSON.stringify({ extends: "./tsconfig.json", include: ["stages"] }),
    )
    tool(folder, "tsc", "--project", "only.json")
    expect(tool(folder, "node", "--test", "stages/widest.test.ts")).toMatch(/pass 2$/m)
    writeFileSync(
      join(folder, "own.yaml"),
      "version: 1\nstages: { it: { uses: ./stages/widest.ts, with: { files: stages, longest: 80 } } }\n",
    )
    expect(await statuses(folder, "own.yaml")).toEqual(["succeeded"])
  })
})

describe("a new package", () => {
  test("has the right types, tests that pass, and an example that runs", patient, async () => {
    const files = await make("package", "@me/text-stages")
    expect(files).toContain("text-stages/src/count-lines.test.ts")
    const place = join(folder, "text-stages")
    tool(place, "npm", "run", "check")
    expect(tool(place, "npm", "test")).toMatch(/pass 2$/m)
    expect(await statuses(place, "example.yaml")).toEqual(["succeeded"])
  })

  test("serves documents where it is installed", async () => {
    const user = join(folder, "user")
    mkdirSync(join(user, "node_modules/@me"), { recursive: true })
    cpSync(join(folder, "text-stages"), join(user, "node_modules/@me/text-stages"), {
      recursive: true,
      filter: (path) => !/results$|\.diva-pipeline$/.test(path),
    })
    const example = readFileSync(join(user, "node_modules/@me/text-stages/example.yaml"), "utf8")
    writeFileSync(join(user, "mine.yaml"), example.replace("files: src", "files: texts"))
    mkdirSync(join(user, "texts"))
    writeFileSync(join(user, "texts/one.txt"), "1\n2\n3\n")
    expect(await statuses(user, "mine.yaml")).toEqual(["succeeded"])
    const counts = JSON.parse(readFileSync(join(user, "results/example/counts.json"), "utf8"))
    expect(counts).toEqual({ "one.txt": { lines: 3, tooLong: 0 } })
  })

  test("asks for the versions that the command itself is made of", () => {
    const read = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"))
    const template = read("packages/cli/templates/package/package.json")
    const [workspace, core] = [read("package.json"), read("packages/core/package.json")]
    const { version } = read("packages/cli/package.json")
    const { effect, typebox } = core.dependencies
    expect(template.peerDependencies).toEqual({ "@diva-pipeline/core": core.version, effect, typebox })
    expect(template.devDependencies).toEqual({
      "@types/node": workspace.devDependencies["@types/node"],
      "diva-pipeline": version,
      typescript: workspace.devDependencies.typescript,
    })
  })
})

test("a new pipeline is right, and runs", async () => {
  expect(await make("pipeline", "first-scores")).toEqual(["first-scores.yaml"])
  const { stdout } = await run(folder, ["validate", "first-scores.yaml"])
  expect(stdout).toBe("first-scores.yaml: fine, 5 tasks\n")
  expect(new Set(await statuses(folder, "first-scores.yaml"))).toEqual(new Set(["succeeded"]))
  expect(readdirSync(join(folder, "results/first-scores/report"))).toContain("index.html")
})

describe("nothing is written", () => {
  test("where a file is there already", async () => {
    const empty = makeFolder()
    mkdirSync(join(empty, "stages"))
    writeFileSync(join(empty, "stages/blur.test.ts"), "mine")
    const { code, stdout, stderr } = await run(empty, ["new", "stage", "blur"])
    expect([code, stdout]).toEqual([1, ""])
    expect(stderr).toBe(
      "error: stages/blur.test.ts is there already; nothing was written\n  hint: choose another name, or move it away\n",
    )
    expect(readdirSync(join(empty, "stages"))).toEqual(["blur.test.ts"])
    removeFolder(empty)
  })

  test.each([
    ["stage", "Blur", "`Blur` can't be the name of a stage"],
    ["stage", "../blur", "`../blur` can't be the name of a stage"],
    ["package", "@me/..", "`@me/..` can't be the name of a package"],
    ["pipeline", "a b", "`a b` can't be the name of a pipeline"],
  ])("for a %s named %s", async (kind, name, message) => {
    const before = readdirSync(folder)
    const { code, stderr } = await run(folder, ["new", kind, name])
    expect(code).toBe(2)
    expect(stderr).toContain(`error: ${message}\n  hint: names are`)
    expect(readdirSync(folder)).toEqual(before)
  })
})

test("the templates are packed with the command", () => {
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: join(root, "packages/cli"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  const templates = readdirSync(join(root, "packages/cli/templates"), { recursive: true, encoding: "utf8" })
  for (const file of templates.filter((name) => /\.|gitignore/.test(name)))
    expect(packed).toContain(`"templates/${file}"`)
})
