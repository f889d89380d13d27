import type { BenchmarkComparison } from "../comparison.ts"
import type { ChangedPair, Report, ShownImage } from "../report.ts"
import { smooth } from "../training-log.ts"
import { caveats, headline, nameOf } from "../words.ts"
import { differencePlot } from "./difference-plot.ts"
import { lossCurve, significant } from "./loss-curve.ts"
import { element, escapeText, type Markup } from "./markup.ts"
import { partBars } from "./part-bars.ts"
import { STYLE } from "./style.ts"
import { scoreTable } from "./table.ts"

/** More bars than this are no picture any more. */
const MOST_PARTS = 30

/** The report as one HTML page that needs no other file, no network and no script. */
export const reportPage = (report: Report): string => {
  const body = element(
    "main",
    {},
    element("h1", {}, report.title),
    element("p", { class: "headline" }, headline(report.comparisons)),
    ...changeSection(report.comparisons),
    section("Before and after", scoreTable(report.comparisons), ...tableNotes(report.comparisons)),
    ...partSections(report.comparisons),
    ...pairSection(report.changedPairs),
    ...trainingSection(report),
    ...detailsSection(report.details),
    ...caveatSection(report.comparisons),
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeText(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body.text}
</body>
</html>
`
}

const section = (title: string, ...content: ReadonlyArray<Markup>): Markup =>
  element("section", {}, element("h2", {}, title), ...content)

const changeSection = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<Markup> => {
  const plot = differencePlot(comparisons)
  if (plot === undefined) return []
  const severalRuns = comparisons.some(({ runs }) => runs.after > 1)
  return [
    section(
      "What changed",
      element(
        "figure",
        {},
        element("div", { class: "wide" }, plot),
        element(
          "figcaption",
          {},
          "After minus before, for the main metric of each benchmark. The dot is the change, the bar its 95 % interval over the benchmark's items; a bar that crosses zero is within noise, as is a change of so few items that McNemar's test calls it luck.",
          severalRuns
            ? " The thin bar below is the 95 % interval over the training runs, each an open circle."
            : "",
        ),
      ),
    ),
  ]
}

const tableNotes = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<Markup> => {
  const differences = comparisons.flatMap(({ rows }) => rows.flatMap(({ difference }) => difference ?? []))
  const notes = [
    ...(differences.some(({ method }) => method === "unpaired")
      ? ["† from the two scores' own intervals; all other differences are compared item by item."]
      : []),
    ...(differences.some(({ changes }) => changes !== undefined)
      ? ["Gained and lost are items right only after and only before; p is McNemar's exact test."]
      : []),
  ]
  return notes.length === 0 ? [] : [element("p", { class: "quiet" }, notes.join(" "))]
}

const KEY = element(
  "ul",
  { class: "key" },
  element("li", {}, element("i", { class: "b" }), "before"),
  element("li", {}, element("i", { class: "a" }), "after"),
  element("li", {}, element("i", { class: "e" }), "95 % interval"),
  element("li", {}, element("i", { class: "c" }), "chance"),
)

const partSections = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<Markup> => {
  const shown = comparisons.flatMap((comparison, index) => {
    if (comparison.parts.length === 0 || comparison.parts.length > MOST_PARTS) return []
    const figure = element(
      "figure",
      {},
      KEY,
      element("div", { class: "wide" }, partBars(comparison, `parts-${index}`)),
    )
    const title = element("bdi", {}, nameOf(comparison))
    return comparison.kind === "mmvp"
      ? [element("h3", {}, title), figure, ...changesNote(comparison)]
      : [element("details", {}, element("summary", {}, "Each class of ", title), figure)]
  })
  return shown.length === 0 ? [] : [section("By category", ...shown)]
}

const changesNote = ({ parts }: BenchmarkComparison): ReadonlyArray<Markup> =>
  parts.some(({ changes }) => changes !== undefined)
    ? [element("p", { class: "quiet" }, "On the right, pairs gained and lost.")]
    : []

const pairSection = (pairs: ReadonlyArray<ChangedPair>): ReadonlyArray<Markup> => {
  const shown = (change: ChangedPair["change"], title: string): ReadonlyArray<Markup> => {
    const some = pairs.filter((pair) => pair.change === change)
    if (some.length === 0) return []
    return [element("h3", {}, title), element("ul", { class: "pairs" }, ...some.map(pairCard))]
  }
  const [first] = pairs
  if (first === undefined) return []
  return [
    section(
      `Pairs of ${first.benchmark} whose answer changed`,
      element(
        "p",
        { class: "quiet" },
        "The first of each category, not the best. A pair is right when each statement picks its own image.",
      ),
      ...shown("gained", "Right only after"),
      ...shown("lost", "Right only before"),
    ),
  ]
}

const pairCard = ({ category, images }: ChangedPair): Markup =>
  element(
    "li",
    {},
    element("bdi", {}, category),
    element("div", { class: "two" }, ...images.map(imageFigure)),
  )

const imageFigure = ({ statement, type, bytes }: ShownImage): Markup =>
  element(
    "figure",
    {},
    element("img", { alt: statement, src: `data:${type};base64,${Buffer.from(bytes).toString("base64")}` }),
    element("figcaption", {}, statement),
  )

const trainingSection = ({ training }: Report): ReadonlyArray<Markup> => {
  if (training.length < 2) return []
  const smoothed = smooth(training)
  return [
    section(
      "Training",
      element(
        "figure",
        {},
        element("div", { class: "wide" }, lossCurve(training)),
        element(
          "figcaption",
          {},
          `Noise-prediction loss of the diffusion model at each of ${training.length} steps (thin) and the mean of each step's neighbourhood (bold): ${significant(smoothed[0]?.loss ?? 0)} at the start, ${significant(smoothed.at(-1)?.loss ?? 0)} at the end. The loss varies with the timesteps drawn; a flat curve is usual.`,
        ),
      ),
    ),
  ]
}

const detailsSection = (details: Report["details"]): ReadonlyArray<Markup> => {
  if (details.length === 0) return []
  const rows = details.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])
  return [section("How it ran", element("dl", {}, ...rows))]
}

const caveatSection = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<Markup> => {
  const notes = caveats(comparisons)
  if (notes.length === 0) return []
  return [
    section(
      "How far to trust this",
      element("ul", { class: "notes" }, ...notes.map((note) => element("li", {}, note))),
    ),
  ]
}
