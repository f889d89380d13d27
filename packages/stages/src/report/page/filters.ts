import type { Cell } from "../cells.ts"
import type { Report } from "../report.ts"
import { verdictWords } from "../words.ts"
import { element, type Markup } from "./markup.ts"

/** A table of more cells can be narrowed down. */
export const MANY_CELLS = 12

/** What the table can be narrowed down by; each choice is a class of the cells that it keeps. */
interface Filter {
  readonly id: string
  readonly label: string
  readonly all: string
  readonly choices: ReadonlyArray<{ readonly name: string; readonly value: string }>
}

const FACETS: ReadonlyArray<{
  readonly id: string
  readonly label: string
  readonly of: (cell: Cell) => string | undefined
}> = [
  { id: "model", label: "Model", of: ({ model }) => model },
  { id: "benchmark", label: "Benchmark", of: ({ benchmark }) => benchmark },
  { id: "view", label: "View", of: ({ view }) => view },
  { id: "prompts", label: "Prompts", of: ({ prompts }) => prompts },
  {
    id: "verdict",
    label: "Verdict",
    of: ({ rows }) => {
      const verdict = rows.find(({ measure }) => measure.primary)?.difference?.verdict
      return verdict === undefined ? undefined : verdictWords(verdict)
    },
  },
]

const filtersOf = ({ cells }: Report): ReadonlyArray<Filter> => {
  if (cells.length <= MANY_CELLS) return []
  return FACETS.flatMap(({ id, label, of }) => {
    const names = [...new Set(cells.flatMap((cell) => of(cell) ?? []))]
    const choices = names.map((name, index) => ({ name, value: `${id}-${index}` }))
    return choices.length < 2 ? [] : [{ id, label, all: "all", choices }]
  })
}

/** The classes by which a cell's part of the table is kept or hidden. */
export const filterClasses = (report: Report): ((cell: Cell) => ReadonlyArray<string>) => {
  const values = new Map(
    filtersOf(report).map(({ id, choices }) => [
      id,
      new Map(choices.map(({ name, value }) => [name, value])),
    ]),
  )
  return (cell) => FACETS.flatMap(({ id, of }) => values.get(id)?.get(of(cell) ?? "") ?? [])
}

/** Lists to choose from, of tables with many cells. The style sheet does the rest: the page has no script. */
export const filters = (report: Report): ReadonlyArray<Markup> => {
  const given = filtersOf(report)
  if (given.length === 0) return []
  return [
    element(
      "form",
      { class: "filters" },
      ...given.map(({ id, label, all, choices }) =>
        choice(id, label, [{ name: all, value: "all" }, ...choices]),
      ),
      choice("metrics", "Metrics", [
        { name: "main ones", value: "main" },
        { name: "all", value: "all" },
      ]),
      element("button", { type: "reset" }, "Show all cells"),
    ),
  ]
}

const choice = (
  id: string,
  label: string,
  choices: ReadonlyArray<{ readonly name: string; readonly value: string }>,
): Markup =>
  element(
    "label",
    {},
    `${label} `,
    element(
      "select",
      { id: `filter-${id}` },
      ...choices.map(({ name, value }) => element("option", { value }, name)),
    ),
  )

/** What hides the parts of the table that a chosen value leaves out. */
export const filterStyle = (report: Report): string => {
  const given = filtersOf(report)
  if (given.length === 0) return ""
  const hidden = given.flatMap(({ id, choices }) =>
    choices.map(
      ({ value }) =>
        `main:has(#filter-${id} option[value="${value}"]:checked) .scores tbody.cell:not(.${value}){display:none}`,
    ),
  )
  return [
    ...hidden,
    `main:has(#filter-metrics option[value="main"]:checked) .scores tbody.cell tr:not(.first){display:none}`,
  ].join("\n")
}
