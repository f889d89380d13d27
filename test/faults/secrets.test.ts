// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { type Place, usePlace } from "./place.ts"

const place = usePlace()

const SECRET = "hush-4711-hush-0815"
const LINES = "first-line-of-it\nsecond-line-of-it"
const env = { MY_TOKEN: SECRET, MY_LINES: LINES }

/** Stretches of the secrets that would give them away. */
const givenAway = (text: string): ReadonlyArray<string> => {
  const halves = [SECRET.slice(0, 9), SECRET.slice(-9), ...LINES.split("\n")]
  return halves.filter((half) => text.includes(half) || text.includes(encodeURIComponent(half)))
}

/** Everything that is kept of runs, but for artefacts: those hold what the stages have put there. */
const keptBy = (work: Place): ReadonlyArray<string> =>
  work.filesOf("").filter((file) => !file.includes("/content/"))

const expectHidden = async (work: Place, said: string): Promise<void> => {
  expect(givenAway(said)).toEqual([])
  const page = join(work.folder, "page.html")
  for (const args of [
    ["runs", "show", "--html", page],
    ["runs", "show"],
    ["runs", "show", "--json"],
    ["runs", "show", "--task", "a"],
  ]) {
    const { code, stdout, stderr } = await work.command(args, { env })
    expect(code, stderr).toBe(0)
    expect(givenAway(stdout + stderr), args.join(" ")).toEqual([])
  }
  for (const format of ["chrome", "otlp"]) {
    const { code, stdout, stderr } = await work.command(["runs", "trace", "--format", format], { env })
    expect(code, stderr).toBe(0)
    expect(givenAway(stdout)).toEqual([])
  }
  expect(keptBy(work).some((file) => file.endsWith(".log"))).toBe(true)
  for (const file of [page, ...keptBy(work)]) expect(givenAway(readFileSync(file, "utf8")), file).toEqual([])
}

const stage = (name: string, lines: ReadonlyArray<string>, more = ""): string =>
  `  ${name}:\n    uses: exec\n    retry: 1\n${more}    with:\n      command: |\n${lines.map((line) => `        ${line}\n`).join("")}`

const SECRETS = "    secrets: [MY_TOKEN, MY_LINES]\n"

describe("a secret does not get into logs, keys, journals, traces, pages or the terminal", () => {
  test("in whatever pieces a command prints it", async () => {
    const work = place()
    const [first, last] = ["-c1-9", "-c10-"].map(
      (part) => `printf %s "$MY_TOKEN" | cut ${part} | tr -d "\\n"`,
    )
    const ways: Readonly<Record<string, ReadonlyArray<string>>> = {
      a: [`${first}; sleep 0.1; ${last}; echo; exit 3`],
      streams: [`${first}; sleep 0.1; echo between >&2; sleep 0.1; ${last}; echo; exit 3`],
      lines: [
        'printf "%s\\n" "$MY_LINES" >&2; echo "$MY_LINES" | while read -r x; do echo "<$x>"; done; exit 3',
      ],
      unended: ['printf "%s" "$MY_TOKEN"; exit 3'],
      json: [`printf '{"token":"%s"}\\n' "$MY_TOKEN"; exit 3`],
      // Where a long line is cut off.
      cut: ['head -c 65525 /dev/zero | tr "\\0" x; echo "$MY_TOKEN and so on"; exit 3'],
      tail: ['printf "%s" "$MY_TOKEN"; head -c 3990 /dev/zero | tr "\\0" y; echo; exit 3'],
      killed: ['echo "$MY_TOKEN"; kill -KILL $$'],
      name: ['ln -s nowhere "$OUTPUT/$MY_TOKEN"'],
    }
    work.write(
      Object.entries(ways)
        .map(([name, lines]) => stage(name, lines, SECRETS))
        .join(""),
    )
    const said = await work.fail([], { env })
    expect(said.match(/^✗/gm)).toHaveLength(Object.keys(ways).length)
    expect(said.split("***").length).toBeGreaterThan(6)
    await expectHidden(work, said)
  })

  test("when it is given as a parameter or as a variable, nor when a plan says what changed", async () => {
    const work = place()
    const document = `version: 1
name: work
env: { MY_TOKEN: {} }
params: { word: { type: string, default: none } }
stages:
  a:
    uses: exec
    env: { COPY: "\${{ env.MY_TOKEN }}" }
    with: { command: 'echo "it is \${{ params.word }} $COPY"' }
`
    work.writeDocument(document)
    const said = await work.succeed(["--param", `word=${SECRET}`], { env })
    await expectHidden(work, said)
    const other = { MY_TOKEN: `${SECRET}-2` }
    for (const args of [[], ["--param", `word=${SECRET}-2`]]) {
      const { stdout, stderr } = await work.command(["plan", "work.yaml", ...args], { env: other })
      expect(stdout + stderr).toContain("env.COPY")
      expect(givenAway(stdout + stderr)).toEqual([])
    }
  })
})
