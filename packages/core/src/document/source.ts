import type { Location } from "./location.ts"

/** A text that diagnostics can point into: a file, or what was given on the command line. */
export class Source {
  /** How people know it: the path as they wrote it, or `--param`. */
  readonly file: string
  /** Absolute; what relative paths in the text are relative to. */
  readonly folder: string
  readonly text: string
  #lineStarts: ReadonlyArray<number> | undefined

  constructor(file: string, folder: string, text: string) {
    this.file = file
    this.folder = folder
    this.text = text
  }

  /** The place of a character; columns count code points. */
  locate(offset: number): Location {
    const line = this.#lineAt(offset)
    const start = this.#starts()[line] ?? 0
    return { file: this.file, line: line + 1, column: [...this.text.slice(start, offset)].length + 1 }
  }

  /** The whole line on which a character stands, without its end. */
  lineOf(offset: number): string {
    const start = this.#starts()[this.#lineAt(offset)] ?? 0
    const end = this.text.indexOf("\n", start)
    return this.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, "")
  }

  #lineAt(offset: number): number {
    const starts = this.#starts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  #starts(): ReadonlyArray<number> {
    if (this.#lineStarts === undefined) {
      const starts = [0]
      for (let at = this.text.indexOf("\n"); at !== -1; at = this.text.indexOf("\n", at + 1))
        starts.push(at + 1)
      this.#lineStarts = starts
    }
    return this.#lineStarts
  }
}

/** A stretch of a source: offsets in UTF-16 units, the end not included. */
export interface Span {
  readonly source: Source
  readonly start: number
  readonly end: number
}
