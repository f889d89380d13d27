import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { encodeMetrics } from "../evaluation/metrics/index.ts"
import { drawingsOf } from "./drawings.ts"
import { drawFigures, onPaper } from "./figures/index.ts"
import { latexCategories, latexTable } from "./latex.ts"
import { summaryMarkdown } from "./markdown.ts"
import { reportPage } from "./page/index.ts"
import { attempt } from "./read-sources.ts"
import { ORIGINS, originsText } from "./record-origins.ts"
import { RECORDS, recordName } from "./records.ts"
import type { Report } from "./report.ts"
import { resultRows } from "./rows.ts"
import { summaryJson } from "./summary.ts"
import { csvText, jsonLines } from "./tables.ts"

/**
 * Writes a report into a folder: the page, the text, the data, the tables, each figure as SVG and as the Vega-Lite
 * specification that it was drawn from, and the metrics files that it was made of. The same report gives the same bytes.
 */
export const writeReport = Effect.fnUntraced(function* (folder: string, report: Report) {
  const figures = yield* attempt(() => drawFigures(drawingsOf(report)), folder)
  const rows = resultRows(report)
  const files: Record<string, string> = {
    "index.html": reportPage(report, figures),
    "summary.json": summaryJson(report),
    "summary.md": summaryMarkdown(report),
    "results.jsonl": jsonLines(rows),
    "results.csv": csvText(rows),
    "results.tex": latexTable(report),
  }
  const categories = latexCategories(report)
  if (categories !== undefined) files["categories.tex"] = categories
  for (const { name, svg, spec } of figures) {
    files[join("figures", `${name}.svg`)] = `${onPaper(svg)}\n`
    files[join("figures", `${name}.vl.json`)] = `${JSON.stringify(spec, null, 1)}\n`
  }
  for (const side of ["before", "after"] as const)
    report.records[side].forEach(({ metrics }, index) => {
      files[join(RECORDS, recordName(side, index))] = encodeMetrics(metrics)
    })
  files[join(RECORDS, ORIGINS)] = originsText(report.records)
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name)
    yield* attempt(async () => {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }, file)
  }
})
