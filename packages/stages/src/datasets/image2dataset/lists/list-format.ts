/** img2dataset's input formats. */
export const LIST_FORMATS = [
  "txt",
  "txt.gz",
  "csv",
  "csv.gz",
  "tsv",
  "tsv.gz",
  "json",
  "json.gz",
  "jsonl",
  "jsonl.gz",
  "parquet",
] as const

export type ListFormat = (typeof LIST_FORMATS)[number]

/** The format that a file's name tells, or undefined. */
export const formatOf = (name: string): ListFormat | undefined => {
  const lower = name.toLowerCase()
  return LIST_FORMATS.find((format) => lower.endsWith(`.${format}`))
}
