import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { usePlace } from "./place.ts"

const place = usePlace()

const stage = (name: string, lines: ReadonlyArray<string>, more = ""): string =>
  `  ${name}:\n    uses: exec\n    with:\n${more}      command: |\n${lines.map((line) => `        ${line}\n`).join("")}`

describe("an output that cannot be kept fails its stage alone, with one reason", () => {
  const bad: ReadonlyArray<readonly [name: string, command: string, words: RegExp]> = [
    ["link-out", 'ln -s /etc/hostname "$OUTPUT/a"', /a is a symbolic link/],
    ["link-folder", 'ln -s / "$OUTPUT/a"', /a is a symbolic link/],
    ["link-nowhere", 'ln -s nothing "$OUTPUT/a"', /a is a symbolic link/],
    ["pipe", 'mkfifo "$OUTPUT/a"', /neither a file nor a folder/],
    ["file", 'rmdir "$OUTPUT"; echo x > "$OUTPUT"', /cannot/],
    ["gone", 'rmdir "$OUTPUT"', /no such file or folder/],
  ]

  test("links, pipes, a file instead of the folder, no folder", async () => {
    const work = place()
    work.write(bad.map(([name, command]) => stage(name, [command])).join("") + stage("good", ["true"]))
    const said = await work.fail()
    for (const [name, , words] of bad) {
      const line = said.split("\n").find((one) => one.startsWith(`✗ ${name} `)) ?? ""
      expect(line, said).toMatch(words)
    }
    expect(said).toMatch(/^✓ good/m)
    expect(work.leftovers()).toEqual([])
  })
})

describe("an output that leads out of its work folder is refused, and what it leads to stays as it was", () => {
  const ways: ReadonlyArray<readonly [name: string, command: string, words: RegExp]> = [
    ["whole", 'rmdir "$OUTPUT"; ln -s "$MINE" "$OUTPUT"', /its folder is a symbolic link/],
    ["inside", 'ln -s "$MINE" "$OUTPUT/a"', /a is a symbolic link/],
    ["deep", 'mkdir -p "$OUTPUT/b/c"; ln -s "$MINE/precious" "$OUTPUT/b/c/d"', /b\/c\/d is a symbolic link/],
    ["up", 'ln -s ../../../.. "$OUTPUT/up"', /up is a symbolic link/],
  ]

  test.each(["true", "read-only"])("with `cache: %s`", async (cache) => {
    const work = place()
    const mine = join(work.folder, "mine")
    mkdirSync(mine)
    writeFileSync(join(mine, "precious"), "mine")
    const before = statSync(join(mine, "precious"))
    const more = `    secrets: [MINE]\n    cache: ${cache}\n`
    work.write(ways.map(([name, command]) => stage(name, [command]) + more).join(""))
    const said = await work.fail([], { env: { MINE: mine } })
    for (const [name, , words] of ways) {
      expect(said.split("\n").find((line) => line.startsWith(`✗ ${name} `))).toMatch(words)
    }
    const { mode, mtimeMs, ino } = statSync(join(mine, "precious"))
    expect({ mode, mtimeMs, ino }).toEqual({ mode: before.mode, mtimeMs: before.mtimeMs, ino: before.ino })
    expect(readdirSync(mine)).toEqual(["precious"])
    expect(work.filesOf("trees")).toEqual([])
    expect(work.leftovers()).toEqual([])
  })
})

describe("an output is kept as it is", () => {
  test("with odd names, empty folders, many files, nothing at all", async () => {
    const work = place()
    const names = ["a\nb", "-rf", "é", "😀", " ", "x".repeat(255), "a\\b", "$HOME", "*"]
    work.write(
      stage("odd", ['sh "$INPUT_SCRIPT"'], "      inputs: { script: ./odd.sh }\n") +
        stage("many", ['mkdir "$OUTPUT/e"', 'cd "$OUTPUT"', "seq 1000 | split -l 1 -a 4 - f"]) +
        stage("none", ["true"]),
      { odd: "odd.output", many: "many.output", none: "none.output" },
    )
    const quoted = names.map((name) => `touch -- "$OUTPUT"/'${name}'\n`)
    writeFileSync(join(work.folder, "odd.sh"), quoted.join(""))
    await work.succeed()
    expect(readdirSync(join(work.results, "odd")).sort()).toEqual([...names].sort())
    expect(readdirSync(join(work.results, "many"))).toHaveLength(1001)
    expect(readdirSync(join(work.results, "none"))).toEqual([])
    expect((await work.succeed()).match(/ cached$/gm)).toHaveLength(3)
  })

  test("but neither a way in from elsewhere nor another's rights", async () => {
    const work = place()
    writeFileSync(join(work.folder, "mine"), "before")
    work.write(
      stage("linked", ['ln "$MINE" "$OUTPUT/a"', 'echo x > "$OUTPUT/b"', 'chmod 6755 "$OUTPUT/b"']) +
        "    secrets: [MINE]\n",
      { all: "linked.output" },
    )
    const env = { MINE: join(work.folder, "mine") }
    await work.succeed([], { env })
    writeFileSync(join(work.folder, "mine"), "behind")
    expect(work.result("all/a")).toBe("before")
    const kept = work.filesOf("trees").filter((file) => file.includes("/content/"))
    expect(kept.length).toBeGreaterThan(0)
    for (const file of kept) expect(statSync(file).mode & 0o6222).toBe(0)
    await work.succeed([], { env })
    expect(work.result("all/a")).toBe("before")
  })

  test("or refused, when a name is no UTF-8", async () => {
    const work = place()
    work.write(stage("odd", [`touch "$OUTPUT/$(printf '\\377\\376')"`, 'echo x > "$OUTPUT/b"']))
    expect(await work.fail()).toMatch(/^✗ odd .*the file name \\xff\\xfe is not UTF-8/m)
    expect(work.filesOf("trees")).toEqual([])
  })
})
