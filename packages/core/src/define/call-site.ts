import { readFileSync } from "node:fs"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { Source, type Span } from "../document/index.ts"

interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

const FRAME = /\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/m

/** Where a function of ours was called by the program. */
const callerOf = (entry: (...given: ReadonlyArray<never>) => unknown): Place | undefined => {
  const trace: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  Error.captureStackTrace(trace, entry)
  Error.stackTraceLimit = limit
  const [, file, line, column] = FRAME.exec(trace.stack ?? "") ?? []
  if (file === undefined) return undefined
  const path = file.startsWith("file://") ? fileURLToPath(file) : file
  return { file: path, line: Number(line), column: Number(column) }
}

/** The places of a program, for diagnostics: its calls, with the lines on which they stand. */
export class CallSites {
  readonly #folder: string
  readonly #sources = new Map<string, Source>()

  /** @param folder what relative paths of the pipeline are relative to */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Where a function was called; where that can't be told, the place is named instead. */
  of(entry: (...given: ReadonlyArray<never>) => unknown, name: string): Span {
    const place = callerOf(entry)
    if (place === undefined) return { source: new Source(name, this.#folder, ""), start: 0, end: 1 }
    const source = this.#sourceOf(place.file)
    const start = offsetOf(source.text, place)
    return { source, start, end: start + (/^[\w$.]*/.exec(source.text.slice(start))?.[0].length ?? 0) }
  }

  #sourceOf(file: string): Source {
    const known = this.#sources.get(file)
    if (known !== undefined) return known
    const source = new Source(relative(process.cwd(), file), this.#folder, textOf(file))
    this.#sources.set(file, source)
    return source
  }
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

const offsetOf = (text: string, { line, column }: Place): number => {
  let start = 0
  for (let number = 1; number < line && start < text.length; number++) start = text.indexOf("\n", start) + 1
  return Math.min(start + column - 1, Math.max(0, text.length - 1))
}
