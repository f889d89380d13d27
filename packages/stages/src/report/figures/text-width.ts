const NARROW = /[iljtfrI.,:;'|!()[\] …\u202f·]/u
const WIDE = /[mwMW%@+±−▲▼]/u
const FULL = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u

const widthOf = (letter: string): number => {
  if (NARROW.test(letter)) return 0.36
  if (WIDE.test(letter)) return 0.88
  return FULL.test(letter) ? 1 : 0.61
}

/**
 * About how wide a text is in the usual sans-serif fonts. Nothing is measured: the same figure has the same bytes
 * whatever fonts a machine has.
 */
export const textWidth = (text: string, fontSize: number): number =>
  [...text].reduce((sum, letter) => sum + widthOf(letter), 0) * fontSize

/** A text of at most so many letters. */
export const clipped = (text: string, most: number): string => {
  const letters = [...text]
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text
}
