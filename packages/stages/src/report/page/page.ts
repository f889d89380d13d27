import { caveats } from "../caveats.ts"
import type { Cell } from "../cells.ts"
import { type Figure, MOST_CHANGES, significant } from "../figures/index.ts"
import { findingsOf, headline } from "../headline.ts"
import type { Report } from "../report.ts"
import { smooth } from "../training-log.ts"
import { filterStyle, filters } from "./filters.ts"
import { drawn, element, escapeText, type Markup } from "./markup.ts"
import { mistakeCards, pairCards, worstCards } from "./pictures.ts"
import { provenance } from "./provenance.ts"
import { STYLE } from "./style.ts"
import { categoryTable, scoreTable } from "./table.ts"

/** The report as one HTML page that needs no other file, no network and no script. */
export const reportPage = (report: Report, figures: ReadonlyArray<Figure>): string => {
  const { cells } = report
  const figure = (name: string): Figure | undefined => figures.find((one) => one.name === name)
  const named = (start: string) => figures.filter(({ name }) => name.startsWith(start))
  const compares = findingsOf(cells).length > 0
  const body = element(
    "main",
    {},
    element("h1", {}, report.title),
    element("p", { class: "headline" }, headline(cells)),
    ...pictured("What changed", figure("changes"), changesCaption(cells), SIDES),
    ...mapped("Changes of models on benchmarks", named("change-map-"), CHANGE_MAP),
    ...mapped("Models and benchmarks", named("heat-map-"), HEAT_MAP),
    section(compares ? "Before and after" : "Scores", ...filters(report), scoreTable(report)),
    ...partSections(cells, figure, compares),
    ...pairSections(report),
    ...answerSections(report, figure),
    ...mistakeSections(report),
    ...trainingSection(report, figure("loss")),
    ...detailsSection(report.details),
    ...caveatSection(report),
    section(
      "Provenance",
      element(
        "p",
        { class: "quiet" },
        "What every number of this report was made of. ",
        element("code", {}, "diva-pipeline runs show --task"),
        " with the name of a task (before the dot) shows its run, params and documents.",
      ),
      ...provenance(cells),
    ),
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeText(report.title)}</title>
<style>${STYLE}${filterStyle(report)}</style>
</head>
<body>
${body.text}
</body>
</html>
`
}

const section = (title: string, ...content: ReadonlyArray<Markup>): Markup =>
  element("section", {}, element("h2", {}, title), ...content)

const CHANGES =
  "The main metric of each benchmark, before and after, and after minus before, with 95 % intervals over items and seeds. A difference whose bar crosses zero is no more than noise, nor is one whose test, corrected for the number of comparisons, gives 0.05 or more."

const changesCaption = (cells: ReadonlyArray<Cell>): string => {
  const count = findingsOf(cells).length
  return count <= MOST_CHANGES
    ? CHANGES
    : `${CHANGES} Of ${count} changes the ${MOST_CHANGES} that are beyond noise or largest are drawn; the maps and the table below have all.`
}

const HEAT_MAP =
  "The main metric of each benchmark in per cent, with its 95 % interval over items (n) and seeds. The darker, the higher among the models on the same benchmark."

const CHANGE_MAP =
  "After minus before in percentage points, with its 95 % interval over items (n) and seeds. Green: better beyond noise, red: worse beyond noise, the stronger the larger; without colour: within noise, or unchanged."

/** One figure a view, each with its name where there are several. */
const mapped = (title: string, figures: ReadonlyArray<Figure>, caption: string): ReadonlyArray<Markup> =>
  figures.length === 0
    ? []
    : [
        section(
          title,
          element("p", { class: "quiet" }, caption),
          ...figures.map((figure) =>
            element(
              "figure",
              {},
              ...(figures.length > 1 ? [element("h3", {}, figure.title)] : []),
              wide(figure),
            ),
          ),
        ),
      ]

const SIDES = element(
  "ul",
  { class: "key" },
  element("li", {}, element("i", { class: "b" }), "before"),
  element("li", {}, element("i", { class: "a round" }), "after"),
  element("li", {}, element("i", { class: "e" }), "95 % interval"),
)

const wide = ({ svg }: Figure): Markup => element("div", { class: "wide" }, drawn(svg))

const pictured = (
  title: string,
  figure: Figure | undefined,
  caption: string,
  ...key: ReadonlyArray<Markup>
): ReadonlyArray<Markup> =>
  figure === undefined
    ? []
    : [section(title, element("figure", {}, ...key, wide(figure), element("figcaption", {}, caption)))]

const partKey = (compares: boolean): Markup =>
  element(
    "ul",
    { class: "key" },
    ...(compares
      ? [
          element("li", {}, element("i", { class: "b" }), "before"),
          element("li", {}, element("i", { class: "a" }), "after"),
        ]
      : []),
    element("li", {}, element("i", { class: "e" }), "95 % interval"),
    element("li", {}, element("i", { class: "c" }), "chance"),
  )

const partSections = (
  cells: ReadonlyArray<Cell>,
  figure: (name: string) => Figure | undefined,
  compares: boolean,
): ReadonlyArray<Markup> => {
  const drawn = cells.flatMap((cell) => {
    const bars = figure(`parts-${cell.id}`)
    return bars === undefined ? [] : [{ cell, bars }]
  })
  const shown = drawn.flatMap(({ cell, bars }) => {
    const content = element("figure", {}, partKey(compares), wide(bars))
    const title = element("bdi", {}, cell.name)
    return cell.kind === "mmvp"
      ? [element("h3", {}, title), content, ...changesNote(cell), categoryTable(cell)]
      : [element("details", {}, element("summary", {}, "Each class of ", title), content)]
  })
  const left = cells.filter(({ parts }) => parts.length > 0).length - drawn.length
  const note =
    left === 0
      ? []
      : [
          element(
            "p",
            { class: "quiet" },
            `The classes of ${left} more ${left === 1 ? "score" : "scores"} are not drawn: summary.json has them.`,
          ),
        ]
  return shown.length === 0 ? [] : [section("By category", ...shown, ...note)]
}

const changesNote = ({ parts }: Cell): ReadonlyArray<Markup> =>
  parts.some(({ difference }) => difference !== undefined)
    ? [
        element(
          "p",
          { class: "quiet" },
          "On the right, after minus before in points with its 95 % interval; p corrected by Holm's method for the number of categories in this report.",
        ),
      ]
    : []

const pairSections = ({ changedPairs }: Report): ReadonlyArray<Markup> =>
  [...new Set(changedPairs.map(({ name }) => name))].map((name) =>
    section(
      `Pairs whose answer changed: ${name}`,
      element(
        "p",
        { class: "quiet" },
        "The first of each category that changed in at least half of the runs, not the best. A pair is right when each statement picks its own image.",
      ),
      ...pairCards(changedPairs.filter((pair) => pair.name === name)),
    ),
  )

const answerSections = (
  { answers }: Report,
  figure: (name: string) => Figure | undefined,
): ReadonlyArray<Markup> =>
  answers.map((one, index) => {
    const matrix = figure(`confusion-${index + 1}`)
    return section(
      `Mistakes of ${one.name}`,
      ...(matrix === undefined
        ? []
        : [
            element(
              "figure",
              {},
              wide(matrix),
              element(
                "figcaption",
                {},
                `How often images of each class (rows) were taken for which (columns); n = ${one.n} images in all. Blue: right, red: mistaken, the stronger the larger the share of the class.${one.classCount === one.classes.length ? "" : ` Of ${one.classCount} classes, the ${one.classes.length} with the most mistakes.`}`,
              ),
            ),
          ]),
      ...(one.worst.length === 0
        ? []
        : [
            element("h3", {}, "The worst"),
            element(
              "p",
              { class: "quiet" },
              "Wrong answers that the model was most sure of: by how much a wrong class scored above the right one (logits, 100 × cosine).",
            ),
            worstCards(one),
          ]),
    )
  })

const mistakeSections = ({ mistakes, hiddenPredictions }: Report): ReadonlyArray<Markup> => [
  ...mistakes.map((one) =>
    section(
      `Mistakes of ${one.name}`,
      element("p", { class: "quiet" }, one.about),
      ...(one.worst.length === 0 ? [] : [mistakeCards(one)]),
    ),
  ),
  ...(hiddenPredictions === 0
    ? []
    : [
        element(
          "p",
          { class: "quiet" },
          `The mistakes of ${hiddenPredictions} more predictions are not shown.`,
        ),
      ]),
]

const trainingSection = ({ training }: Report, figure: Figure | undefined): ReadonlyArray<Markup> => {
  if (figure === undefined) return []
  const smoothed = smooth(training)
  const caption = `Noise-prediction loss of the diffusion model at each of ${training.length} steps (thin) and the mean of each step's neighbourhood (bold): ${significant(smoothed[0]?.loss ?? 0)} at the start, ${significant(smoothed.at(-1)?.loss ?? 0)} at the end. The loss varies with the timesteps drawn; a flat curve is usual.`
  return pictured("Training", figure, caption)
}

const detailsSection = (details: Report["details"]): ReadonlyArray<Markup> => {
  if (details.length === 0) return []
  const rows = details.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])
  return [section("How it ran", element("dl", {}, ...rows))]
}

const caveatSection = (report: Report): ReadonlyArray<Markup> => {
  const notes = caveats(report)
  if (notes.length === 0) return []
  return [
    section(
      "How far to trust this",
      element("ul", { class: "notes" }, ...notes.map((note) => element("li", {}, note))),
    ),
  ]
}
