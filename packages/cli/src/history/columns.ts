// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colours begin with
const COLOURS = /\u001b\[[0-9;]*m/g

const widthOf = (text: string): number => [...text.replace(COLOURS, "")].length

/** Rows of cells as lines in which the cells of a column begin at one place. */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
      .join("  ")
      .trimEnd(),
  )
}
