/** Longer than any message needs to be; names in a file may be of any length. */
const LONGEST = 1000

/** A text of a file's as it may stand in a message: of one line, without what terminals obey, and not too long. */
export const printable = (text: string): string => {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u${code.toString(16).padStart(4, "0")}`
  })
}

/** A checkpoint file that is damaged, hostile, or of a kind that this project does not read. */
export class CheckpointError extends Error {
  override readonly name: string = "CheckpointError"

  constructor(message: string) {
    super(printable(message))
  }
}
