import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { TEMPLATES_FILE } from "../catalogue/index.ts"

export const CLASSNAMES_FILE = "classnames.txt"

/** Where Python's `splitlines` ends a line. */
const LINE_ENDS = new RegExp(`\r\n|[\n\r\v\f${String.fromCharCode(0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029)}]`)

/** A text's lines as Python's `splitlines` gives them: what ends the last line begins no new one. */
export const splitLines = (text: string): ReadonlyArray<string> => {
  const lines = text.split(LINE_ENDS)
  if (lines.at(-1) === "") lines.pop()
  return lines
}

/**
 * The class names of a folder, by number. A line without a name is a class without one, as for CLIP_benchmark, but for
 * those at the end.
 *
 * @returns undefined when the folder has no list
 */
export const readClassnames = (folder: string): Promise<ReadonlyArray<string> | undefined> =>
  readList(join(folder, CLASSNAMES_FILE))

/** The templates of a folder; undefined when it has no list. */
export const readTemplates = async (folder: string): Promise<ReadonlyArray<string> | undefined> => {
  const file = join(folder, TEMPLATES_FILE)
  const templates = await readList(file)
  return templates === undefined ? undefined : checkTemplates(templates, file)
}

/** @throws StageFailure naming the line of a template that has no place for the class */
export const checkTemplates = (templates: ReadonlyArray<string>, file: string): ReadonlyArray<string> => {
  const wrong = templates.findIndex((template) => !template.includes("{c}"))
  if (wrong < 0) return templates
  throw permanent(`the template "${templates[wrong]}" has no place {c} for the class name`, {
    file: `${file}:${wrong + 1}`,
  })
}

const readList = async (file: string): Promise<ReadonlyArray<string> | undefined> => {
  const text = await readFile(file, "utf8").catch(() => undefined)
  if (text === undefined) return undefined
  const lines = splitLines(text.replace(/^\ufeff/, "")).map((line) => line.trim())
  const last = lines.findLastIndex((line) => line !== "")
  if (last < 0) throw permanent("the file is empty", { file })
  return lines.slice(0, last + 1)
}
