/**
 * The characters that occur when UTF-8 is read in a wrong encoding, by kinds; some are ranges as in a regular
 * expression. After ftfy 6.3 (Apache-2.0), as is the list of sequences below.
 */
const KINDS = {
  common: "\u00a0\u00ad·´–—―…’",
  c1: "\u0080-\u009f",
  bad: "¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊�ªº",
  law: "¶§",
  currency: "¢£¥₧€",
  startPunctuation: "¡«¿©΄΅‘‚“„•‹\uf8ff",
  endPunctuation: "®»˝”›™",
  numeric: "²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№",
  kaomoji: "Ò-ÖÙ-Üò-öø-üŐŌŪŲ°",
  upperAccented: "À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ",
  lowerAccented: "ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґﬁﬂ",
  upperCommon: "ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я",
  lowerCommon: "α-ωάέήίΰа-џ",
  box: "│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓",
}

/** One character of these kinds, and of others. */
const any = (kinds: ReadonlyArray<keyof typeof KINDS>, others = ""): string =>
  `[${kinds.map((kind) => KINDS[kind]).join("")}${others}]`

/** What Python's \\s and \\w match. */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"
const WORD = "[\\p{L}\\p{N}_]"

const accented = ["lowerAccented", "upperAccented"] as const
const marks = ["startPunctuation", "endPunctuation", "currency", "numeric", "law"] as const
const arabic = any(["common", "currency", "bad", "numeric", "startPunctuation"], "ŸŠ®°µ»")

/** Sequences that people hardly ever write. */
const UNLIKELY: ReadonlyArray<string> = [
  any(["c1"]),
  any(["bad", ...accented, "box", ...marks]) + any(["bad"]),
  `[a-zA-Z]${any(["lowerCommon", "upperCommon"])}${any(["bad"])}`,
  any(["bad"]) + any([...accented, "box", ...marks]),
  any(["lowerAccented", "lowerCommon", "box", "endPunctuation", "currency", "numeric"]) +
    any(["upperAccented"]),
  any(["box", "endPunctuation", "currency", "numeric"]) + any(["lowerAccented"]),
  any(["lowerAccented", "box", "endPunctuation"]) + any(["currency"]),
  SPACE + any(["upperAccented"]) + any(["currency"]),
  any(["upperAccented", "box"]) + any(["numeric", "law"]),
  any([...accented, "box", "currency", "endPunctuation"]) + any(["startPunctuation"]) + any(["numeric"]),
  any([...accented, "currency", "numeric", "box", "law"]) +
    any(["endPunctuation"]) +
    any(["startPunctuation"]),
  any(["currency", "numeric", "box"]) + any(["startPunctuation"]),
  `[a-z]${any(["upperAccented"])}${any(["startPunctuation", "currency"])}`,
  any(["box"]) + any(["kaomoji"]),
  any([...accented, "currency", "numeric", "startPunctuation", "endPunctuation", "law"]) + any(["box"]),
  any(["box"]) + any(["endPunctuation"]),
  any(accented) + any(["startPunctuation", "endPunctuation"]) + WORD,
  "[Œœ][^A-Za-z]",
  `${any(["upperAccented"])}°`,
  // Windows-1252: pairs that the kinds don't cover, Arabic, South Asian alphabets.
  `[ÂÃÎÐ]${any(["startPunctuation", "endPunctuation"], "€œŠš¢£Ÿž\\xa0\\xad®©°·»–—´")}`,
  "×[²³]",
  `[ØÙ]${arabic}[ØÙ]${arabic}`,
  "à[²µ¹¼½¾]",
  // MacRoman.
  "√[±∂†≠®™´≤≥¥µø]",
  "≈[°¢]",
  "‚Ä[ìîïòôúùû†°¢π]",
  "‚[âó][àä°ê]",
  // Windows-1251: punctuation, Latin or Cyrillic letters, and Windows-1252 below it.
  "вЂ",
  `[ВГРС]${any(["c1", "bad", "startPunctuation", "endPunctuation", "currency"], "°µ")}[ВГРС]`,
  "ГўВЂВ[^\\n][A-Za-z ]",
  // Windows-1252's à, á and the space that doesn't break.
  "Ã[\\xa0¡]",
  `[a-z]${SPACE}?[ÃÂ] `,
  "^[ÃÂ] ",
  `${any(["endPunctuation"], "a-z.,?!")}Â${any(["startPunctuation", "endPunctuation"], " ")}`,
  // Windows-1253.
  "β€[™\\xa0Ά\\xad®°]",
  `[ΒΓΞΟ]${any(["c1", "bad", "startPunctuation", "endPunctuation", "currency"], "°")}[ΒΓΞΟ]`,
  // Windows-1257.
  "ā€",
]

const BAD = new RegExp(UNLIKELY.join("|"), "u")

/** Whether some of a text looks as if it had been read in a wrong encoding. */
export const looksMisread = (text: string): boolean => BAD.test(text)
