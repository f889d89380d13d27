import { readFileSync } from "node:fs"
import { relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

/** Why a program of the user's can't even begin. */
export interface StartUpError {
  readonly message: string
  /** `file:line:column`, as far as they are known. */
  readonly file?: string
}

const ERROR = /^(?:Uncaught )?(\w*(?:Error|Exception))(?: \[\w+\])?: (.*)$/
/** A file and a line, above an excerpt with carets. */
const HEADER = /^((?:file:\/\/)?\/.+):(\d+)$/
const FRAME = /^\s+at .*?\(?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/
const MISSING = /^Cannot find (package|module) '([^']+)' imported from (.+)$/

/** What Node says of an error that it, or the program, didn't expect: what and where, without the stack. */
export const startUpErrorIn = (lines: ReadonlyArray<string>): StartUpError | undefined => {
  const at = lines.findIndex((line) => ERROR.test(line))
  const [, name = "", message = ""] = ERROR.exec(lines[at] ?? "") ?? []
  if (at === -1) return undefined
  const missing = MISSING.exec(message)
  if (missing !== null) return missingImport(missing)
  const file = excerptPlace(lines.slice(0, at)) ?? framePlace(lines.slice(at + 1))
  return { message: name === "Error" ? message : `${name}: ${message}`, ...(file !== undefined && { file }) }
}

/** The place that an excerpt shows: its header names file and line, its carets the column. */
const excerptPlace = (lines: ReadonlyArray<string>): string | undefined => {
  const at = lines.findLastIndex((line) => HEADER.test(line))
  const [, file, line] = HEADER.exec(lines[at] ?? "") ?? []
  if (file === undefined) return undefined
  const carets = lines.slice(at + 1).find((one) => /^\s*\^+\s*$/.test(one))
  return placeText(file, `${line}`, carets === undefined ? undefined : carets.indexOf("^") + 1)
}

const framePlace = (lines: ReadonlyArray<string>): string | undefined => {
  for (const one of lines) {
    const [, file, line, column] = FRAME.exec(one) ?? []
    if (file !== undefined) return placeText(file, `${line}`, Number(column))
  }
  return undefined
}

const placeText = (file: string, line: string, column?: number): string => {
  const path = file.startsWith("file://") ? fileURLToPath(file) : file
  return [relative(process.cwd(), path), line, ...(column === undefined ? [] : [column])].join(":")
}

/** Node names the file that imports what isn't there, but not the line. */
const missingImport = ([, kind, wanted = "", from = ""]: RegExpExecArray): StartUpError => {
  if (kind === "package") {
    const isWanted = (specifier: string) => specifier === wanted || specifier.startsWith(`${wanted}/`)
    return { message: `there is no package \`${wanted}\``, file: importPlace(from, isWanted) }
  }
  const isWanted = (specifier: string) =>
    specifier.startsWith(".") && resolve(from, "..", specifier) === wanted
  return {
    message: `there is no file \`${relative(process.cwd(), wanted)}\``,
    file: importPlace(from, isWanted),
  }
}

const importPlace = (file: string, isWanted: (specifier: string) => boolean): string => {
  for (const [index, line] of linesOf(file).entries()) {
    for (const { 0: quoted, index: column } of line.matchAll(/"[^"]+"|'[^']+'/g)) {
      if (isWanted(quoted.slice(1, -1))) return placeText(file, `${index + 1}`, column + 1)
    }
  }
  return relative(process.cwd(), file)
}

const linesOf = (file: string): ReadonlyArray<string> => {
  try {
    return readFileSync(file, "utf8").split("\n")
  } catch {
    return []
  }
}
