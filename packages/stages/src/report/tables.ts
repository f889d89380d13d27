import type { ResultRow } from "./rows.ts"

/** Numbers with six significant digits: the same text on every machine, and more than any result is worth. */
const round = (value: number): number => Number(value.toPrecision(6))

const rounded = (row: ResultRow): Record<string, string | number | boolean | null> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === "number" ? round(value) : value]),
  )

/** `results.jsonl`: a score a line. */
export const jsonLines = (rows: ReadonlyArray<ResultRow>): string =>
  rows.map((row) => `${JSON.stringify(rounded(row))}\n`).join("")

/** `results.csv` (RFC 4180), with the names of the columns in its first line. */
export const csvText = (rows: ReadonlyArray<ResultRow>): string => {
  const [first] = rows
  if (first === undefined) return ""
  const lines = rows.map((row) => Object.values(rounded(row)).map((value) => csvCell(value ?? "")))
  return [Object.keys(first), ...lines].map((line) => `${line.join(",")}\r\n`).join("")
}

/** A text that a spreadsheet would take for a formula gets an apostrophe before it. */
const csvCell = (value: string | number | boolean): string => {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
