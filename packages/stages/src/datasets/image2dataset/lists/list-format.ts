import { LIST_FORMATS, type ListFormat } from "../../../image2dataset-names.ts"

/** The format that a file's name tells, or undefined. */
export const formatOf = (name: string): ListFormat | undefined => {
  const lower = name.toLowerCase()
  return LIST_FORMATS.find((format) => lower.endsWith(`.${format}`))
}
