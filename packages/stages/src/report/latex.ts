import type { Row } from "./differences.ts"
import { findingsOf } from "./headline.ts"
import type { Report } from "./report.ts"
import type { Score } from "./scores.ts"
import { shownImports } from "./shown-imports.ts"
import { visible } from "./visible.ts"
import {
  chanceText,
  differenceText,
  estimateText,
  importedText,
  MINUS,
  marginText,
  preservedText,
  pValue,
  testWords,
  verdictWords,
} from "./words.ts"

const SIGNS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  // After the end of a line these would be taken for its options.
  "[": "{[}",
  "*": "{*}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "…": "\\,\\ldots\\,",
  "±": "$\\pm$",
  "→": "$\\rightarrow$",
  "–": "--",
  "\u202f": "\\,",
  [MINUS]: "$-$",
  "<": "$<$",
  ">": "$>$",
}

/** Text that LaTeX sets as it is. */
export const escapeLatex = (text: string): string =>
  visible(text)
    .replaceAll(" … ", "…")
    .replace(/[\\~^…±→–\u202f\u2212<>{}&%$#_|"[*]/gu, (sign) => SIGNS[sign] ?? `\\${sign}`)

const START = ["$n$", "Seeds", "Chance"]
const COMPARED = ["Before", "After", "Difference", "$p$ (Holm)", "Test", "Verdict", "Preserved"]

const headOf = (first: ReadonlyArray<string>, compares: boolean): ReadonlyArray<string> => [
  ...first,
  ...START,
  ...(compares ? COMPARED : ["Score"]),
]

/** Texts stand on the left, and numbers on the right. */
const columnsOf = (head: ReadonlyArray<string>): string =>
  head.map((name) => (/^(Benchmark|Metric|Category|Test|Verdict|Preserved)$/.test(name) ? "l" : "r")).join("")

/** `results.tex`: a table for papers, of the main metrics; needs the package booktabs. */
export const latexTable = (report: Report): string => {
  const compares = findingsOf(report.cells).length > 0
  const head = headOf(["Benchmark", "Metric"], compares)
  const lines = [
    ...report.cells.flatMap((cell) =>
      cell.rows
        .filter(({ measure }) => measure.primary)
        .map((row) => [cell.name, row.measure.title, ...scoreCells(row, row.chance, compares)]),
    ),
    ...shownImports(report).map(({ n, ...score }) => {
      const { model, benchmark, metric } = score
      const start = [`${model}, ${benchmark} (imported)`, metric, n === undefined ? "–" : String(n), "–", "–"]
      const told = [...start, ...(compares ? ["–"] : []), compact(importedText(score))]
      return [...told, ...new Array<string>(head.length - told.length).fill("–")]
    }),
  ]
  return tabular(report, "Scores", head, lines.map(line))
}

/** `categories.tex`: the categories of pairs benchmarks; undefined where there are none. */
export const latexCategories = (report: Report): string | undefined => {
  const shown = report.cells.filter(({ kind, parts }) => kind === "mmvp" && parts.length > 0)
  const compares = shown.some(({ parts }) => parts.some(({ difference }) => difference !== undefined))
  const head = headOf(["Category"], compares)
  if (shown.length === 0) return undefined
  const body = shown.flatMap(({ name, parts, rows }, index) => {
    const chance = rows.find(({ measure }) => measure.primary)?.chance
    return [
      ...(index === 0 ? [] : ["\\addlinespace"]),
      `\\multicolumn{${head.length}}{l}{\\emph{${escapeLatex(name)}}} \\\\`,
      ...parts.map((part) => line([part.name, ...scoreCells(part, chance, compares)])),
    ]
  })
  return tabular(report, "Shares of right pairs", head, body)
}

const line = (cells: ReadonlyArray<string>): string => `${cells.map(escapeLatex).join(" & ")} \\\\`

const tabular = (
  { title, margin }: Report,
  what: string,
  head: ReadonlyArray<string>,
  body: ReadonlyArray<string>,
): string => `% ${escapeLatex(title)}
% ${what} in per cent with 95\\,\\% intervals over items ($n$) and seeds; differences in percentage points.
% Where the sides differ, $n$ and seeds are those before/after. Preserved: within ${escapeLatex(marginText(margin))}.
% Needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}; of many columns \\scriptsize fits landscape A4.
\\begin{tabular}{${columnsOf(head)}}
\\toprule
${head.join(" & ")} \\\\
\\midrule
${body.join("\n")}
\\bottomrule
\\end{tabular}
`

/** Without the signs that the table's caption makes needless. */
const compact = (text: string): string => text.replaceAll("\u202f%", "")

const scoreCells = (
  { before, after, difference }: Pick<Row, "before" | "after" | "difference">,
  chance: number | undefined,
  compares: boolean,
): ReadonlyArray<string> => {
  const told = (score: Score | undefined): string =>
    score === undefined ? "–" : compact(estimateText(score)).replace(" … ", "–")
  const both = (of: (score: Score) => number): string =>
    [...new Set([before, after].flatMap((score) => (score === undefined ? [] : [of(score)])))].join("/")
  const start = [both(({ n }) => n), both(({ seeds }) => seeds), compact(chanceText(chance))]
  if (!compares) return [...start, told(after ?? before)]
  const compared =
    difference === undefined
      ? COMPARED.slice(2).map(() => "–")
      : [
          differenceText(difference),
          pValue(difference.adjusted.holm).replace(/^p (= )?/, ""),
          testWords(difference.test),
          verdictWords(difference.verdict),
          preservedText(difference.equivalence),
        ]
  return [...start, told(before), told(after), ...compared]
}
