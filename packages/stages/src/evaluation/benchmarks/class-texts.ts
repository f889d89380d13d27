import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { TEMPLATES_FILE } from "../catalogue/index.ts"
import { readUtf8 } from "./utf8.ts"

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
 * The class names of a folder, by number. A line without a name is a class without one, as for CLIP_benchmark.
 *
 * @returns undefined when the folder has no list
 */
export const readClassnames = (folder: string): Promise<ReadonlyArray<string> | undefined> =>
  readList(join(folder, CLASSNAMES_FILE))

/** The same, where lines without a name at the end are no classes. */
export const readNamedClasses = async (folder: string): Promise<ReadonlyArray<string> | undefined> =>
  withoutEmptyEnd(await readClassnames(folder))

/** The templates of a folder, but for empty lines at the end; undefined when it has no list. */
export const readTemplates = async (folder: string): Promise<ReadonlyArray<string> | undefined> => {
  const file = join(folder, TEMPLATES_FILE)
  const templates = withoutEmptyEnd(await readList(file))
  return templates === undefined ? undefined : checkTemplates(templates, file)
}

/** What of a template is no braces of its own: Python's `format` fills `{c}` in, and `{{` is a brace. */
const FORMATTED = /\{\{|\}\}|\{c\}/g

/**
 * Checks that templates are such as Python's `format` fills a class name into, and no others.
 *
 * @throws StageFailure naming the line of the first that isn't
 */
export const checkTemplates = (templates: ReadonlyArray<string>, file: string): ReadonlyArray<string> => {
  templates.forEach((template, index) => {
    const at = { file: `${file}:${index + 1}` }
    if (!template.match(FORMATTED)?.includes("{c}"))
      throw permanent(`the template "${template}" has no place {c} for the class name`, at)
    if (/[{}]/.test(template.replace(FORMATTED, "")))
      throw permanent(`the template "${template}" has another brace than those of {c}`, {
        ...at,
        hint: "what shall be a brace is written twice, {{ or }}",
      })
  })
  return templates
}

/** A template with the class name in its place, as Python's `format` fills it in. */
export const fillTemplate = (template: string, classname: string): string =>
  template.replace(FORMATTED, (found) => (found === "{c}" ? classname : found.slice(1)))

const readList = async (file: string): Promise<ReadonlyArray<string> | undefined> => {
  const text = await readUtf8(file)
  if (text === undefined) return undefined
  const lines = splitLines(text).map((line) => line.trim())
  if (lines.every((line) => line === "")) throw permanent("the file is empty", { file })
  return lines
}

const withoutEmptyEnd = (lines: ReadonlyArray<string> | undefined): ReadonlyArray<string> | undefined =>
  lines?.slice(0, lines.findLastIndex((line) => line !== "") + 1)
