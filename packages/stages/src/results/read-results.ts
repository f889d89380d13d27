import { parse } from "csv-parse/sync"
import { readClipBenchmarkJson, readClipBenchmarkRows } from "./clip-benchmark.ts"
import { type ReadResults, ResultsError, withoutRepetition } from "./imported-score.ts"
import { readOpenClipRows, unknownColumns } from "./open-clip.ts"

/**
 * Reads another program's results, whatever they are: JSON or CSV of CLIP_benchmark, or a table of open_clip's.
 *
 * @param name the file's name, which the scores keep
 * @throws ResultsError when the file is none of them, or has no score that we know
 */
export const readResults = (text: string, name: string): ReadResults => {
  const { scores, leftOut } = name.endsWith(".json") ? fromJson(text, name) : fromTable(text, name)
  if (scores.length === 0) throw new ResultsError("the file has no score of a metric that is known here")
  return { scores: withoutRepetition(scores), leftOut }
}

const fromJson = (text: string, name: string): ReadResults => {
  try {
    return readClipBenchmarkJson(text, name)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // Python writes NaN as it is, which JSON doesn't have.
    throw new ResultsError(
      /:\s*-?(?:NaN|Infinity)\b/.test(text)
        ? "a value of the file is NaN or infinite"
        : "the file is not JSON",
    )
  }
}

const fromTable = (text: string, name: string): ReadResults => {
  const [head = [], ...lines] = tableOf(text)
  const twice = head.find((column, place) => head.indexOf(column) !== place)
  if (twice !== undefined) throw new ResultsError(`the table has two columns ${twice}`)
  const rows = lines.map((line) =>
    Object.fromEntries(head.map((column, index) => [column, line[index] ?? ""])),
  )
  const has = (...columns: ReadonlyArray<string>): boolean => columns.every((column) => head.includes(column))
  if (has("dataset", "model", "task")) return readClipBenchmarkRows(rows, name)
  if (has("name", "pretrained")) {
    const unknown = unknownColumns(head)
    const leftOut = unknown.length === 0 ? [] : [`columns: ${unknown.join(", ")}`]
    return { scores: readOpenClipRows(rows, name), leftOut }
  }
  throw new ResultsError(
    "the table is neither CLIP_benchmark's (columns dataset, model, task) nor open_clip's (columns name, pretrained)",
  )
}

const tableOf = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  try {
    return parse(text, { bom: true, skip_empty_lines: true })
  } catch (error) {
    throw new ResultsError(`the file is no CSV: ${error instanceof Error ? error.message : String(error)}`)
  }
}
