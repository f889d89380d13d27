import type { Cell } from "./cells.ts"
import type { Row } from "./differences.ts"
import { findingsOf } from "./headline.ts"
import type { Report } from "./report.ts"
import { shownImports } from "./shown-imports.ts"
import { visible } from "./visible.ts"
import {
  basisText,
  chanceText,
  differenceText,
  estimateText,
  importedText,
  MINUS,
  preservedText,
  pValue,
  verdictWords,
} from "./words.ts"

const SIGNS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
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
    .replace(/[\\~^…±→–\u202f\u2212<>{}&%$#_]/gu, (sign) => SIGNS[sign] ?? `\\${sign}`)

/** `results.tex`: a table for papers, of the main metrics; needs the package booktabs. */
export const latexTable = (report: Report): string => {
  const compares = findingsOf(report.cells).length > 0
  const head = compares
    ? ["Benchmark", "Metric", "Chance", "Before", "After", "Difference", "$p$ (Holm)", "Verdict", "Preserved"]
    : ["Benchmark", "Metric", "Chance", "Score", "Basis"]
  const lines = [
    ...report.cells.flatMap((cell) =>
      cell.rows
        .filter(({ measure }) => measure.primary)
        .map((row) => (compares ? comparedLine(cell, row) : scoreLine(cell, row))),
    ),
    ...shownImports(report).map((score) => {
      const name = `${score.model}, ${score.benchmark} (imported)`
      const filling = new Array<string>(head.length - 4).fill("–")
      return compares
        ? [name, score.metric, "–", "–", importedText(score), ...filling.slice(1)]
        : [name, score.metric, "–", importedText(score), ...filling]
    }),
  ]
  const body = lines.map((cells) => `${cells.map(escapeLatex).join(" & ")} \\\\`)
  return `% ${escapeLatex(report.title)}
% Scores with 95\\,\\% intervals over items and seeds; differences in percentage points.
% Needs \\usepackage{booktabs}.
\\begin{tabular}{ll${"r".repeat(head.length - 2)}}
\\toprule
${head.join(" & ")} \\\\
\\midrule
${body.join("\n")}
\\bottomrule
\\end{tabular}
`
}

const comparedLine = ({ name }: Cell, row: Row): ReadonlyArray<string> => {
  const { before, after, difference, measure, chance } = row
  const estimate = after ?? before
  return [
    estimate === undefined ? name : `${name} (${basisText(estimate)})`,
    measure.title,
    chanceText(chance),
    before === undefined ? "–" : estimateText(before),
    after === undefined ? "–" : estimateText(after),
    ...(difference === undefined
      ? ["–", "–", "–", "–"]
      : [
          differenceText(difference),
          pValue(difference.adjusted.holm).replace(/^p = /, ""),
          verdictWords(difference.verdict),
          preservedText(difference.equivalence),
        ]),
  ]
}

const scoreLine = ({ name }: Cell, { before, after, measure, chance }: Row): ReadonlyArray<string> => {
  const score = after ?? before
  return [
    name,
    measure.title,
    chanceText(chance),
    ...(score === undefined ? ["–", "–"] : [estimateText(score), basisText(score)]),
  ]
}
