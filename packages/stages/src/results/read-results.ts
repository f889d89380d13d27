import { parse } from "csv-parse/sync"
import { readClipBenchmarkJson, readClipBenchmarkRows } from "./clip-benchmark.ts"
import { type ImportedScore, ResultsError } from "./imported-score.ts"
import { readOpenClipRows } from "./open-clip.ts"

/**
 * Reads another program's results, whatever they are: JSON or CSV of CLIP_benchmark, or a table of open_clip's.
 *
 * @param name the file's name, which the scores keep
 * @throws ResultsError when the file is none of them, or has no score that we know
 */
export const readResults = (text: string, name: string): ReadonlyArray<ImportedScore> => {
  const scores = name.endsWith(".json") ? fromJson(text, name) : fromTable(text, name)
  if (scores.length === 0) throw new ResultsError("the file has no score of a metric that is known here")
  return scores
}

const fromJson = (text: string, name: string): ReadonlyArray<ImportedScore> => {
  try {
    return readClipBenchmarkJson(text, name)
  } catch (error) {
    throw error instanceof SyntaxError ? new ResultsError("the file is not JSON") : error
  }
}

const fromTable = (text: string, name: string): ReadonlyArray<ImportedScore> => {
  const [head = [], ...lines] = tableOf(text)
  const rows = lines.map((line) =>
    Object.fromEntries(head.map((column, index) => [column, line[index] ?? ""])),
  )
  const has = (...columns: ReadonlyArray<string>): boolean => columns.every((column) => head.includes(column))
  if (has("dataset", "model", "task")) return readClipBenchmarkRows(rows, name)
  if (has("name", "pretrained")) return readOpenClipRows(rows, name)
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
