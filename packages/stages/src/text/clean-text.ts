import { fixText } from "./fix-text.ts"
import { unescapeMarkup } from "./markup-escapes.ts"

/** What Python takes for white space; the separators of ASCII too, but repaired texts have none. */
const SPACES = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u

/** ASCII's punctuation, which Python's `string.punctuation` names. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g

/** How open_clip cleans texts before they are tokenized: by ftfy's repairs, markup escapes resolved, single spaces. */
export const cleanWhitespace = (text: string): string => withSingleSpaces(unescaped(text))

/** The same in lower case, as CLIP's tokenizer has it. */
export const cleanLower = (text: string): string => cleanWhitespace(text).toLowerCase()

/** The same without punctuation, as SigLIP's tokenizer has it. */
export const cleanCanonical = (text: string): string =>
  withSingleSpaces(unescaped(text).replaceAll("_", " ").replace(PUNCTUATION, "").toLowerCase())

const unescaped = (text: string): string => unescapeMarkup(unescapeMarkup(fixText(text)))

const withSingleSpaces = (text: string): string => text.split(SPACES).filter(Boolean).join(" ")
