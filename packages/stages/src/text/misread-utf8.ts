/** Letters as which the first of two, of three and of four bytes of UTF-8 appear. After ftfy 6.3 (Apache-2.0). */
const FIRST_OF_2 =
  "ÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßĀĂĆČĎĐĒĖĘĚĞĢĪİĶĹĻŁŃŅŇŌŐŘŚŞŠŢŪŮŰŲŹŻŽΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίВГ" +
  "ДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
const FIRST_OF_3 = "àáâãäåæçèéêëìíîïāăąćčďēėęěģīįķĺļŕźΰαβγδεζηθικλμνξοабвгдежзийклмноп"
const FIRST_OF_4 = "ðóđğšπσру"

/** Characters as which the bytes after the first appear, and hardly ever stand for themselves beside the others. */
const LATER_ONLY =
  "\\x80-\\xbf" + "ÆØæøĄąĽľŁłŒœŖŗŚśŞşŠšŤťŸŹźŻżŽžƒˆˇ˘˛˜˝΄΅ΆΈΉΊΌΎΏЁЂЃЄЅІЇЈЉЊЋЌЎЏёђѓєѕіїјљњћќўџҐґ†‡‰‹›€№™"

/** The same with spaces, dashes, quotation marks and the like. */
const LATER = `${LATER_ONLY} –—―‘’‚“”„•…`

/** Runs of what look like characters of UTF-8. A run that follows one of its own characters is part of a larger ruin. */
export const MISREAD_UTF8 = new RegExp(
  `(?<![${LATER_ONLY}])(?:[${FIRST_OF_2}][${LATER}]|[${FIRST_OF_3}][${LATER}]{2}|[${FIRST_OF_4}][${LATER}]{3})+`,
  "gu",
)
