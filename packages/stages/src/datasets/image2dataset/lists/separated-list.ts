import { parse } from "csv-parse"
import type { ListRow } from "./list-row.ts"
import { openBytes } from "./text-source.ts"

/** A row of a CSV that is longer than this is a quote that was never closed. */
const LONGEST_ROW = 1024 * 1024

/**
 * A list of values with a line of names before them.
 *
 * @param names the names, where that line is missing; then quotes in a TSV are what they are, as in CC3M's
 */
export async function* readSeparated(
  file: string,
  isCompressed: boolean,
  delimiter: string,
  names: ReadonlyArray<string> | undefined,
): AsyncGenerator<ReadonlyArray<ListRow>> {
  const parser = parse({
    columns: names === undefined ? true : [...names],
    ...(names !== undefined && delimiter === "\t" && { quote: null }),
    delimiter,
    bom: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
  })
  // What is wrong is thrown below, where the reader is waiting.
  parser.on("error", () => {})
  const rows = (): ReadonlyArray<ListRow> => {
    const found: Array<ListRow> = []
    for (let row: ListRow | null = parser.read(); row !== null; row = parser.read()) found.push(row)
    if (parser.errored) throw parser.errored
    return found
  }
  for await (const piece of openBytes(file, isCompressed)) {
    parser.write(piece)
    yield rows()
  }
  parser.end()
  yield rows()
}
