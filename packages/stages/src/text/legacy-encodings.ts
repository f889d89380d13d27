/** An encoding of one byte a character. */
export interface LegacyEncoding {
  readonly name: string
  /** The character of each byte from 0x80 on. */
  readonly upper: string
  /** Whether it takes bytes that mean nothing for those of Latin-1, and the sign of a lost character for a byte. */
  readonly sloppy: boolean
}

const sloppy = (name: string, upper: string): LegacyEncoding => ({ name, upper, sloppy: true })
const strict = (name: string, upper: string): LegacyEncoding => ({ name, upper, sloppy: false })

/** Stands for a byte that was lost when it was read. */
export const LOST = "\u0100"

export const LATIN_1 = strict(
  "latin-1",
  Array.from({ length: 128 }, (_, at) => String.fromCharCode(128 + at)).join(""),
)

export const WINDOWS_1252 = sloppy(
  "windows-1252",
  "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹º»¼" +
    "½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
)

/** Those in which UTF-8 is often read by mistake, the likeliest first. */
export const LEGACY_ENCODINGS: ReadonlyArray<LegacyEncoding> = [
  LATIN_1,
  WINDOWS_1252,
  sloppy(
    "windows-1251",
    "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u0098™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕїАБВГДЕЖЗИЙКЛМНОПР" +
      "СТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя",
  ),
  sloppy(
    "windows-1250",
    "€\u0081‚\u0083„…†‡\u0088‰Š‹ŚŤŽŹ\u0090‘’“”•–—\u0098™š›śťžź\u00a0ˇ˘Ł¤Ą¦§¨©Ş«¬\u00ad®Ż°±˛ł´µ¶·¸ąş»Ľ" +
      "˝ľżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙",
  ),
  sloppy(
    "windows-1253",
    "€\u0081‚ƒ„…†‡\u0088‰\u008a‹\u008c\u008d\u008e\u008f\u0090‘’“”•–—\u0098™\u009a›\u009c\u009d\u009e" +
      "\u009f\u00a0΅Ά£¤¥¦§¨©ª«¬\u00ad®―°±²³΄µ¶·ΈΉΊ»Ό½ΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡÒΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξο" +
      "πρςστυφχψωϊϋόύώÿ",
  ),
  sloppy(
    "windows-1254",
    "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008d\u008e\u008f\u0090‘’“”•–—˜™š›œ\u009d\u009eŸ\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²" +
      "³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ",
  ),
  sloppy(
    "windows-1257",
    "€\u0081‚\u0083„…†‡\u0088‰\u008a‹\u008c¨ˇ¸\u0090‘’“”•–—\u0098™\u009a›\u009c¯˛\u009f\u00a0¡¢£¤¥¦§Ø" +
      "©Ŗ«¬\u00ad®Æ°±²³´µ¶·ø¹ŗ»¼½¾æĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙",
  ),
  strict(
    "iso-8859-2",
    "\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u008f" +
      "\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009d\u009e\u009f" +
      "\u00a0Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\u00adŽŻ°ą˛ł´ľśˇ¸šşťź˝žżŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôő" +
      "ö÷řůúűüýţ˙",
  ),
  strict(
    "macroman",
    "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄" +
      "€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ",
  ),
  strict(
    "cp437",
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
      "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0",
  ),
]

/** The byte of each character, for each encoding; made when it is first needed. */
const BYTES = new Map<LegacyEncoding, ReadonlyMap<string, string>>()

const bytesOf = (encoding: LegacyEncoding): ReadonlyMap<string, string> => {
  const known = BYTES.get(encoding)
  if (known !== undefined) return known
  const bytes = new Map(
    [...encoding.upper].map((character, at) => [character, String.fromCharCode(128 + at)]),
  )
  for (let code = 0; code < 128; code++) bytes.set(String.fromCharCode(code), String.fromCharCode(code))
  if (encoding.sloppy) {
    bytes.delete("\x1a")
    bytes.set("\ufffd", LOST)
  }
  BYTES.set(encoding, bytes)
  return bytes
}

/** A text's bytes, each as the character of that number; undefined when the encoding lacks one of its characters. */
export const encoded = (text: string, encoding: LegacyEncoding): string | undefined => {
  const bytes = bytesOf(encoding)
  let result = ""
  for (const character of text) {
    const byte = bytes.get(character)
    if (byte === undefined) return undefined
    result += byte
  }
  return result
}
