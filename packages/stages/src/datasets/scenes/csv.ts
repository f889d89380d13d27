/** A line of a CSV file (RFC 4180, `\n` at its end). */
export const csvLine = (fields: ReadonlyArray<string | number>): string =>
  `${fields.map((field) => quote(String(field))).join(",")}\n`

const quote = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)
