import { decodeHTML, decodeHTMLStrict } from "entities"
import { WINDOWS_1252 } from "./legacy-encodings.ts"

/** Resolves character references as browsers and Python's html.unescape do, also those without a semicolon. */
export const unescapeMarkup = (text: string): string =>
  text.replace(
    /&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|[^\t\n\f <&#;]{1,32};?)/gu,
    (reference: string, decimal: string | undefined, hexadecimal: string | undefined) => {
      if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10))
      if (hexadecimal !== undefined) return characterOf(Number.parseInt(hexadecimal, 16))
      return decodeHTML(reference)
    },
  )

/** Resolves only what ends in a semicolon, and names in capitals, as ftfy does: `&EACUTE;` is É. */
export const unescapeClearMarkup = (text: string): string =>
  text.replace(/&#?[0-9A-Za-z]{1,24};/g, (reference) => {
    if (reference.startsWith("&#")) {
      const character = unescapeMarkup(reference)
      return character.includes(";") ? reference : character
    }
    const character = decodeHTMLStrict(reference)
    return character === reference ? capitals(reference) : character
  })

/** A lower-case name that stands there in capitals, unless it means something as it is. */
const capitals = (reference: string): string => {
  const small = reference.toLowerCase()
  if (reference !== small.toUpperCase() || decodeHTML(reference) !== reference) return reference
  const character = decodeHTMLStrict(small)
  return character === small ? reference : character.toUpperCase()
}

const characterOf = (code: number): string => {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return "\ufffd"
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252.upper[code - 0x80] ?? ""
  return isNoCharacter(code) ? "" : String.fromCodePoint(code)
}

/** Control characters but for white space, and what Unicode calls noncharacters. */
const isNoCharacter = (code: number): boolean =>
  (code < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(code)) ||
  code === 0x7f ||
  (code >= 0xfdd0 && code <= 0xfdef) ||
  (code & 0xfffe) === 0xfffe
