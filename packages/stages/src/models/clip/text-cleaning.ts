/**
 * Cleaning of texts as open_clip does it, by ftfy's repairs and Python's html.unescape, in as far as these touch text
 * that was once written for people: markup escapes, ligatures, wide forms, curly quotes, control characters, NFC. ftfy's
 * guess at text decoded in the wrong encoding is not made.
 *
 * @returns lower-case text with single spaces
 */
export const cleanText = (text: string): string => cleanCaseless(text).toLowerCase()

/** The same without making it lower-case. */
export const cleanCaseless = (text: string): string => unescapedText(text).replace(/\s+/gu, " ").trim()

/** Repaired text whose markup escapes are resolved, with its white space as it is. */
export const unescapedText = (text: string): string => unescapeMarkup(unescapeMarkup(repaired(text)))

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

const repaired = (text: string): string =>
  (text.includes("<") ? text : unescapeMarkup(text))
    .replace(/[ĲĳŉǱ-ǳǄ-ǌﬀ-ﬆ]/gu, (ligature) => LIGATURES[ligature] ?? ligature)
    .replace(/[\u3000\uff01-\uffef]/gu, (wide) => wide.normalize("NFKC"))
    .replace(/[\u02bc\u2018-\u201b]/gu, "'")
    .replace(/[\u201c-\u201f]/gu, '"')
    .replace(/\r\n?|[\u2028\u2029\u0085]/gu, "\n")
    .replace(UNPRINTABLE, "")
    .normalize("NFC")

/** Control characters but for white space, and marks that only mean something to machines. */
const UNPRINTABLE = /(?![\t\n\f\r\u0080-\u009f])[\p{Cc}\u206a-\u206f\ufeff\ufff9-\ufffc]/gu

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  copy: "©",
  reg: "®",
  trade: "™",
  deg: "°",
  eacute: "é",
}

/** Replaces numeric character references and the common named ones. */
const unescapeMarkup = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));/giu, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? whole
    const code = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16)
    return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "\ufffd" : String.fromCodePoint(code)
  })
