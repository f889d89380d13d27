// Control characters, and those that turn the direction of the text around them.
const UNSHOWABLE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Text without characters that show nothing or tamper with what stands around it; line breaks become spaces. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\s+/gu, (space) => (/[\n\r\t]/u.test(space) ? " " : space))
    .replace(UNSHOWABLE, "\ufffd")
