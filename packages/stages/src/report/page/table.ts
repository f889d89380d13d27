import type { Cell } from "../cells.ts"
import type { Difference, Row } from "../differences.ts"
import { findingsOf } from "../headline.ts"
import type { Report } from "../report.ts"
import type { Score } from "../scores.ts"
import { shownImports } from "../shown-imports.ts"
import {
  chanceText,
  importedText,
  intervalText,
  marginText,
  preservedText,
  scoreText,
  sidesText,
  sizeIntervalText,
  sizeText,
  testText,
  verdictWords,
} from "../words.ts"
import { filterClasses, MANY_CELLS } from "./filters.ts"
import { type Content, element, type Markup } from "./markup.ts"

/** Every metric with its intervals, and what before and after differ by; each cell leads to where it comes from. */
export const scoreTable = (report: Report): Markup => {
  const { cells, margin } = report
  const imported = shownImports(report)
  const classesOf = filterClasses(report)
  const compares = findingsOf(cells).length > 0
  const columns = compares ? ["Before", "After", "Difference"] : ["Score"]
  return element(
    "div",
    { class: cells.length > MANY_CELLS ? "wide tall" : "wide" },
    element(
      "table",
      { class: "scores" },
      element(
        "caption",
        {},
        `Scores with 95 % intervals over items (n) and seeds${compares ? "; differences in percentage points; p corrected by Holm's method for the number of comparisons" : ""}.`,
      ),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col", class: "left" }, "Benchmark and metric"),
          ...["Chance", ...columns].map((name) => element("th", { scope: "col" }, name)),
          ...(compares
            ? ["Verdict", `Preserved within ${marginText(margin)}`].map((name) =>
                element("th", { scope: "col", class: "left" }, name),
              )
            : []),
        ),
      ),
      ...cells.map((cell) =>
        element("tbody", { class: ["cell", ...classesOf(cell)].join(" ") }, ...cellRows(cell, compares)),
      ),
      ...(imported.length === 0
        ? []
        : [element("tbody", { id: "imported" }, ...importedRows(imported, compares))]),
    ),
  )
}

const cellRows = (cell: Cell, compares: boolean): ReadonlyArray<Markup> =>
  cell.rows.map((row, index) =>
    element(
      "tr",
      { class: index === 0 ? "first" : undefined },
      element(
        "th",
        { scope: "row" },
        index === 0 ? element("bdi", {}, cell.name) : "",
        element("span", { class: "quiet" }, `${row.measure.title}, ${sidesText(row.before, row.after)}`),
      ),
      element("td", {}, chanceText(row.chance)),
      ...(compares
        ? comparedCells(cell, row)
        : [element("td", {}, scoreCell(cell, row.after ?? row.before))]),
    ),
  )

const comparedCells = (cell: Cell, { before, after, difference }: Row): ReadonlyArray<Markup> => [
  element("td", {}, scoreCell(cell, before)),
  element("td", {}, scoreCell(cell, after)),
  element("td", {}, differenceCell(cell, difference)),
  element("td", { class: "left" }, difference === undefined ? "–" : verdictCell(difference)),
  element("td", { class: "left" }, difference === undefined ? "–" : preservedCell(difference)),
]

/** A number leads to its provenance. */
const linked = ({ id }: Cell, text: string): Markup => element("a", { href: `#${id}`, class: "number" }, text)

const scoreCell = (cell: Cell, score: Score | undefined): Content =>
  score === undefined ? "–" : [linked(cell, scoreText(score)), element("small", {}, intervalText(score))]

const differenceCell = (cell: Cell, difference: Difference | undefined): Content =>
  difference === undefined
    ? "–"
    : [linked(cell, sizeText(difference)), element("small", {}, sizeIntervalText(difference))]

const MARKS = { better: "▲ ", worse: "▼ ", "within-noise": "", unchanged: "" }

const verdictCell = (difference: Difference): Content => {
  const { verdict, changes } = difference
  return [
    element("span", { class: `is-${verdict}` }, `${MARKS[verdict]}${verdictWords(verdict)}`),
    element("small", {}, testText(difference)),
    changes === undefined || verdict === "unchanged"
      ? ""
      : element("small", {}, `${changes.gained} gained, ${changes.lost} lost`),
  ]
}

const preservedCell = ({ equivalence }: Difference): Content =>
  equivalence === undefined
    ? "–"
    : element(
        "span",
        { title: `90 %: ${sizeIntervalText({ interval: equivalence.interval })}` },
        preservedText(equivalence),
      )

const importedRows = (imported: Report["imported"], compares: boolean): ReadonlyArray<Markup> =>
  imported.map((score) =>
    element(
      "tr",
      { class: "first imported" },
      element(
        "th",
        { scope: "row" },
        element("bdi", {}, `${score.model}, ${score.benchmark}`),
        element(
          "span",
          { class: "quiet" },
          `${score.metric}, imported from `,
          element("bdi", {}, score.source),
        ),
      ),
      element("td", {}, "–"),
      element("td", { colspan: compares ? 5 : 1, class: compares ? "left" : undefined }, importedText(score)),
    ),
  )

/** The categories of a pairs benchmark with their intervals, and what before and after differ by. */
export const categoryTable = (cell: Cell): Markup => {
  const { parts } = cell
  const compares = parts.some(({ difference }) => difference !== undefined)
  const heads = compares ? ["Before", "After", "Difference"] : ["Score"]
  return element(
    "div",
    { class: "wide" },
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col", class: "left" }, "Category"),
          ...heads.map((name) => element("th", { scope: "col" }, name)),
          ...(compares ? [element("th", { scope: "col", class: "left" }, "Verdict")] : []),
        ),
      ),
      element(
        "tbody",
        {},
        ...parts.map(({ name, before, after, difference }) =>
          element(
            "tr",
            {},
            element(
              "th",
              { scope: "row" },
              element("bdi", {}, name),
              element("span", { class: "quiet" }, sidesText(before, after)),
            ),
            ...(compares
              ? [
                  element("td", {}, scoreCell(cell, before)),
                  element("td", {}, scoreCell(cell, after)),
                  element("td", {}, differenceCell(cell, difference)),
                  element("td", { class: "left" }, difference === undefined ? "–" : verdictCell(difference)),
                ]
              : [element("td", {}, scoreCell(cell, after ?? before))]),
          ),
        ),
      ),
    ),
  )
}
