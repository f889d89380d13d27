import { type Paint, type Point, polyline } from "./drawing.ts"

/**
 * Capital letters as strokes on a grid 4 wide and 6 high, so that no font of the machine is ever asked. A stroke is
 * a run of points "xy"; strokes are separated by blanks.
 */
const STROKES: Readonly<Record<string, string>> = {
  A: "062046 1434",
  B: "06003041423303 3344453606",
  C: "4130100105163645",
  D: "06002042442606",
  E: "40000646 0333",
  F: "400006 0333",
  G: "41301001051636454323",
  H: "0006 4046 0343",
  I: "2026 1030 1636",
  J: "4045361605",
  K: "0006 400346",
  L: "000646",
  M: "0600234046",
  N: "06004640",
  O: "103041453616050110",
  P: "06003041423303",
  Q: "103041453616050110 2446",
  R: "06003041423303 2346",
  S: "413010010213334445361605",
  T: "0040 2026",
  U: "000516364540",
  V: "002640",
  W: "0016233640",
  X: "0046 4006",
  Y: "002340 2326",
  Z: "00400646",
}

/** Letters that can be written. */
export const LETTERS: ReadonlyArray<string> = Object.keys(STROKES)

const parse = (stroke: string): ReadonlyArray<Point> =>
  (stroke.match(/\d\d/g) ?? []).map((pair): Point => [Number(pair[0]), Number(pair[1])])

/**
 * Capital letters in a row around `centre`.
 *
 * @param height of a letter; a letter is two thirds as wide, and a third of its width lies between two
 */
export const write = (text: string, [x, y]: Point, height: number, paint: Paint): string => {
  const unit = height / 6
  const advance = 5.6 * unit
  const left = x - ((text.length - 1) * advance + 4 * unit) / 2
  return [...text]
    .flatMap((letter, index) =>
      (STROKES[letter] ?? "").split(" ").map((stroke) =>
        polyline(
          parse(stroke).map(
            ([px, py]): Point => [left + index * advance + px * unit, y - height / 2 + py * unit],
          ),
          paint,
        ),
      ),
    )
    .join("")
}
