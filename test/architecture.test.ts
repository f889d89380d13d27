import { globSync, readFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { describe, expect, it } from "vitest"

const root = join(import.meta.dirname, "..")
const sources = globSync("packages/*/src/**/*.ts", { cwd: root }).map((file) => file.split(sep).join("/"))

interface Import {
  readonly from: string
  readonly what: string
}

const imports: ReadonlyArray<Import> = sources.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8")
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)
  return [...specifiers].map((match) => ({ from: file, what: match[1] ?? "" }))
})

/** The folder directly below `src`, with its package: `packages/stages/src/tensor`. */
const folderOf = (file: string): string => file.split("/").slice(0, 4).join("/")

describe("architecture", () => {
  it("imports go one way: cli → stages → core", () => {
    const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
      core: [],
      stages: ["@diva-pipeline/core", "@diva-pipeline/core/testing"],
      // The names by themselves, so that `--help` need not load the stages.
      cli: ["@diva-pipeline/core", "@diva-pipeline/stages", "@diva-pipeline/stages/image2dataset-names"],
    }
    const wrong = imports.filter(({ from, what }) => {
      const packageName = from.split("/")[1] ?? ""
      return /^(@diva-pipeline\/|diva-pipeline$)/.test(what) && !allowed[packageName]?.includes(what)
    })
    expect(wrong).toEqual([])
  })

  it("nothing imports past another folder's index", () => {
    const wrong = imports.filter(({ from, what }) => {
      if (!what.startsWith(".") || /\.test\.ts$|\/fixtures\//.test(from)) return false
      const target = relative(root, join(root, dirname(from), what))
        .split(sep)
        .join("/")
      const [own, other] = [folderOf(from), folderOf(target)]
      // A file directly below src is the package's own front door; it may open any room lazily.
      if (own === other || own.endsWith(".ts") || other.endsWith(".ts")) return false
      return !target.endsWith("/index.ts")
    })
    expect(wrong).toEqual([])
  })
})
