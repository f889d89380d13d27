import { encoded, LATIN_1, LEGACY_ENCODINGS, LOST, WINDOWS_1252 } from "./legacy-encodings.ts"
import { looksMisread } from "./misread-signs.ts"
import { MISREAD_UTF8 } from "./misread-utf8.ts"
import { readUtf8 } from "./utf8.ts"

/** Repairs a text that was read in a wrong encoding, as often as that happened: `sÃ³` becomes `só`. As ftfy does it. */
export const fixEncoding = (text: string): string => {
  for (let before = text; ; ) {
    const after = fixedOnce(before)
    if (after === before) return after
    before = after
  }
}

const fixedOnce = (text: string): string => {
  if (!looksMisread(text)) return text
  return readAgain(text) ?? withPartsReadAgain(text) ?? asWindows1252(text) ?? controlsAsWindows1252(text)
}

/** The text as the UTF-8 that it should have been read as, through the first encoding that allows it. */
const readAgain = (text: string): string | undefined => {
  for (const encoding of LEGACY_ENCODINGS) {
    const bytes = encoded(text, encoding)
    if (bytes === undefined) continue
    // In MacRoman a dash and a space would be taken for such a sequence.
    const spaced = encoding.name === "macroman" ? bytes : withLostSpaces(bytes)
    const read = readUtf8(encoding.sloppy ? spaced.replace(LOST_SEQUENCES, REPLACEMENT) : spaced)
    if (read !== undefined) return read
  }
  return undefined
}

/** Sequences of UTF-8 in which byte 0xa0 has become a space. */
const ALTERED =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0 [\x80-\xbf][\x80-\xbf]|\xf0[\x80-\xbf] [\x80-\xbf]|\xf0[\x80-\xbf][\x80-\xbf] /
const ALL_ALTERED = new RegExp(ALTERED, "g")

/** The word à, whose second byte is lost and whose space isn't; not where it begins Portuguese words. */
const A_GRAVE = /\xc3 (?! |quele|quela|quilo|s )/g

const withLostSpaces = (bytes: string): string =>
  ALTERED.test(bytes)
    ? bytes.replace(A_GRAVE, "\xc3\xa0 ").replace(ALL_ALTERED, (sequence) => sequence.replaceAll(" ", "\xa0"))
    : bytes

/** Sequences of UTF-8 some bytes of which are lost; once a question mark may stand for one. */
const LOST_SEQUENCES = (() => {
  const lost = `[${LOST}?]`
  const any = `[${LOST}\x80-\xbf]`
  return new RegExp(
    [
      `[\xc2-\xdf]${LOST}`,
      "[\xc2-\xc3]\\?",
      `\xed[\xa0-\xaf]${lost}\xed[\xb0-\xbf][${LOST}?\x80-\xbf]`,
      `\xed[\xa0-\xaf][${LOST}?\x80-\xbf]\xed[\xb0-\xbf]${lost}`,
      `[\xe0-\xef]${lost}${any}`,
      `[\xe0-\xef]${any}${lost}`,
      `[\xf0-\xf4]${lost}${any}${any}`,
      `[\xf0-\xf4]${any}${lost}${any}`,
      `[\xf0-\xf4]${any}${any}${lost}`,
      LOST,
    ].join("|"),
    "g",
  )
})()

/** U+FFFD in UTF-8. */
const REPLACEMENT = "\xef\xbf\xbd"

/** Parts that look like misread UTF-8, each repaired for itself. */
const withPartsReadAgain = (text: string): string | undefined => {
  const fixed = text.replace(MISREAD_UTF8, (part) =>
    part.length < text.length && looksMisread(part) ? fixEncoding(part) : part,
  )
  return fixed === text ? undefined : fixed
}

/** Latin-1 with control characters was Windows-1252. */
const asWindows1252 = (text: string): string | undefined => {
  if (encoded(text, LATIN_1) === undefined || UNASSIGNED.test(text)) return undefined
  const fixed = controlsAsWindows1252(text)
  return fixed === text ? undefined : fixed
}

/** Bytes that mean nothing in Windows-1252. */
const UNASSIGNED = /[\x81\x8d\x8f\x90\x9d]/

/** Control characters beyond ASCII as what Windows has in their place. */
export const controlsAsWindows1252 = (text: string): string =>
  text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252.upper[control.charCodeAt(0) - 128] ?? control)
