import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { encodeMetrics, pairMetrics } from "../evaluation/metrics/index.ts"
import { writeExample } from "./fixtures/example.ts"
import { buildReport, writeReport } from "./index.ts"

/** Names of everything that means something to LaTeX, some of it at the beginning of a line only. */
const NAMES = [
  "[5pt] 50 % & a_b #1 ~ ^ \\input{x} $x$ {",
  "*starred* } | <p> \"q\" 'q' `q` @ !",
  "Größe → ±1 … x − y – z",
]

const PDFLATEX = "/usr/bin/pdflatex"

let folder: string
const files: Array<string> = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latex-"))
  const { before, after } = await writeExample(folder)
  for (const [place, name] of NAMES.entries()) {
    const answers = ["1100", "1110"].map((outcomes) =>
      pairMetrics(
        { benchmark: name, view: "class" },
        [...outcomes.repeat(10)].map((right, index) => ({
          pair: `${2 * index + 1}/${2 * index + 2}`,
          category: NAMES[index % 2] ?? "",
          draws: [{ first: right === "1" ? ([1, 0] as const) : ([0, 1] as const), second: [0, 1] as const }],
        })),
      ),
    )
    for (const [side, metrics] of answers.entries()) {
      const file = join(folder, `names-${place}-${side}.json`)
      await writeFile(file, encodeMetrics(metrics))
      const list = side === 0 ? before : after
      list.push(file)
    }
  }
  const title = NAMES.join(" ")
  for (const [name, sources] of Object.entries({
    compared: { before, after },
    alone: { before: [], after },
  })) {
    const out = join(folder, name)
    const built = buildReport({ title, ...sources, details: {} })
    await Effect.runPromise(Effect.flatMap(built, (report) => writeReport(out, report)))
    files.push(join(out, "results.tex"), join(out, "categories.tex"))
  }
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

/** The lines of a table's body, each ended, as cells. */
const cellsOf = (line: string): ReadonlyArray<string> => {
  expect(line).toMatch(/ \\\\$/)
  return line.replace(/ \\\\$/, "").split(/(?<!\\)&/)
}

describe("the tables for LaTeX", () => {
  it("have as many cells in each line as columns, and nothing that is not escaped or balanced", async () => {
    for (const file of files) {
      const text = await readFile(file, "utf8")
      const body = text.split("\n").filter((line) => line !== "" && !line.startsWith("%"))
      const columns = /^\\begin\{tabular\}\{([lr]+)\}$/.exec(body[0] ?? "")?.[1]?.length
      expect(columns).toBeGreaterThan(4)
      expect(body.at(-1)).toBe("\\end{tabular}")
      const rules = body.filter((line) => /^\\(toprule|midrule|bottomrule|addlinespace)$/.test(line))
      expect(rules.filter((rule) => rule !== "\\addlinespace")).toEqual([
        "\\toprule",
        "\\midrule",
        "\\bottomrule",
      ])
      for (const line of body.slice(1, -1)) {
        if (rules.includes(line)) continue
        const spanned = /^\\multicolumn\{(\d+)\}/.exec(line)?.[1]
        if (spanned === undefined) expect(cellsOf(line), line).toHaveLength(columns ?? 0)
        else expect(Number(spanned)).toBe(columns)
        expect(line, line).not.toMatch(/^ *(\[|\*)/)
        const bare = line.replaceAll(/\\[\\{}&%$#_]/g, "")
        expect(bare.match(/\$/g)?.length ?? 0).toSatisfy((count: number) => count % 2 === 0)
        expect(bare.match(/\{/g)?.length).toBe(bare.match(/\}/g)?.length)
        expect(bare.replaceAll(/\$[^$]*\$/g, "")).not.toMatch(/[%#_^~<>|"]/)
        expect(line).not.toMatch(/\\input/)
      }
    }
  })

  it.skipIf(!existsSync(PDFLATEX))(
    "are set by pdflatex, and what is compared fits on a landscape page",
    async () => {
      const inputs = files.map((file) => `\\noindent\\input{${file}}\\par\\newpage`).join("\n")
      const document = `\\documentclass[a4paper]{article}
\\usepackage[T1]{fontenc}
\\usepackage{booktabs}
\\usepackage[landscape,margin=1cm]{geometry}
\\begin{document}\\scriptsize
${inputs}
\\end{document}
`
      await writeFile(join(folder, "all.tex"), document)
      const args = ["-interaction=nonstopmode", "-halt-on-error", "all.tex"]
      const said = execFileSync(PDFLATEX, args, { cwd: folder, encoding: "utf8", stdio: "pipe" })
      expect(said).toMatch(/Output written on all\.pdf \(4 pages/)
      expect(said).not.toMatch(/Overfull/)
    },
    60_000,
  )
})
