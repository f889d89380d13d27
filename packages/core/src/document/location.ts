/** A place in a document; lines and columns count from 1. */
export interface Location {
  /** The file as the user named it, or as the importing document names it, made relative to the working folder. */
  readonly file: string
  readonly line: number
  readonly column: number
}
