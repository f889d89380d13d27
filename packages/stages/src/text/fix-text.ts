import { controlsAsWindows1252, fixEncoding } from "./fix-encoding.ts"
import { unescapeClearMarkup } from "./markup-escapes.ts"

/** Lines longer than this are repaired in parts, counted in characters. */
const LONGEST_LINE = 1_000_000

/**
 * Repairs a text as ftfy 6.3's `fix_text` does, line by line: what was read in a wrong encoding, markup escapes (up to
 * the first line with a `<`, which shows that it is markup), ligatures, wide forms, curly quotes, line breaks, control
 * characters and terminal escapes, until nothing changes; in Unicode's form NFC.
 */
export const fixText = (text: string): string => {
  let fixed = ""
  let isMarkup = false
  for (const line of linesOf(text)) {
    isMarkup ||= line.includes("<")
    fixed += fixLine(line, isMarkup)
  }
  return fixed
}

function* linesOf(text: string): Generator<string> {
  for (const [line] of text.matchAll(/[^\n]*\n|[^\n]+/g)) {
    if (line.length <= LONGEST_LINE) yield line
    else yield* partsOf(line)
  }
}

function* partsOf(line: string): Generator<string> {
  const characters = [...line]
  for (let at = 0; at < characters.length; at += LONGEST_LINE)
    yield characters.slice(at, at + LONGEST_LINE).join("")
}

const fixLine = (line: string, isMarkup: boolean): string => {
  for (let before = line; ; ) {
    const after = fixOnce(isMarkup ? before : unescapeClearMarkup(before))
    if (after === before) return after
    before = after
  }
}

const fixOnce = (text: string): string =>
  controlsAsWindows1252(fixEncoding(text))
    .replace(/[ĲĳŉǱ-ǳǄ-ǌﬀ-ﬆ]/gu, (ligature) => LIGATURES[ligature] ?? ligature)
    .replace(/[\u3000\uff01-\uffef]/gu, (wide) => wide.normalize("NFKC"))
    .replace(/[\u201c-\u201f]/gu, '"')
    .replace(/[\u02bc\u2018-\u201b]/gu, "'")
    .replace(/\r\n?|[\u2028\u2029\u0085]/gu, "\n")
    .toWellFormed()
    .replace(TERMINAL_ESCAPE, "")
    .replace(UNPRINTABLE, "")
    .normalize("NFC")

const LIGATURES: Readonly<Record<string, string>> = {
  Ĳ: "IJ",
  ĳ: "ij",
  ŉ: "ʼn",
  Ǳ: "DZ",
  ǲ: "Dz",
  ǳ: "dz",
  Ǆ: "DŽ",
  ǅ: "Dž",
  ǆ: "dž",
  Ǉ: "LJ",
  ǈ: "Lj",
  ǉ: "lj",
  Ǌ: "NJ",
  ǋ: "Nj",
  ǌ: "nj",
  ﬀ: "ff",
  ﬁ: "fi",
  ﬂ: "fl",
  ﬃ: "ffi",
  ﬄ: "ffl",
  ﬅ: "ſt",
  ﬆ: "st",
}

/** Colours and the like; Python counts all of Unicode's digits. */
const ESCAPE = "\u001b"
const TERMINAL_ESCAPE = new RegExp(`${ESCAPE}\\[[\\p{Nd};]*[a-zA-Z]`, "gu")

/** Control characters of ASCII but for white space, and marks that only mean something to machines. */
const UNPRINTABLE = /(?![\t\n\f\r\u0080-\u009f])[\p{Cc}\u206a-\u206f\ufeff\ufff9-\ufffc]/gu
