import type { ImportedScore } from "../results/index.ts"
import type { Equivalence, Estimate, Interval } from "../statistics/index.ts"
import type { Difference } from "./differences.ts"
import type { Score } from "./scores.ts"
import type { Verdict } from "./verdict.ts"

const THIN_SPACE = "\u202f"
/** The typographic minus sign. */
export const MINUS = "\u2212"

/** `55.6 %`. Of shares alone this is not to be had outside: a result is told with what it rests on. */
const percent = (share: number): string => `${(share * 100).toFixed(1)}${THIN_SPACE}%`

/** `55.6 %`: an estimate's value; its interval, items and seeds are told beside it. */
export const scoreText = ({ value }: Estimate): string => percent(value)

/** `51.3 … 59.7 %`. */
export const intervalText = ({ interval: { low, high } }: Estimate): string =>
  `${(low * 100).toFixed(1)} … ${percent(high)}`

/** `55.6 % (51.3 … 59.7 %)`. */
export const estimateText = (estimate: Estimate): string =>
  `${scoreText(estimate)} (${intervalText(estimate)})`

/** `n = 270, 3 seeds`. */
export const basisText = ({ n, seeds }: Estimate): string =>
  `n = ${n}, ${seeds === 1 ? "1 seed" : `${seeds} seeds`}`

/** What the scores of both sides rest on: `n = 270, 3 seeds after, 1 before`. */
export const sidesText = (before: Score | undefined, after: Score | undefined): string => {
  const score = after ?? before
  if (score === undefined) return "–"
  const basis = [basisText(score), ...drawsText(score)].join(", ")
  if (before === undefined || after === undefined) return basis
  if (before.n !== after.n) return `${basis} after; ${basisText(before)} before`
  return before.seeds === after.seeds ? basis : `${basis} after, ${before.seeds} before`
}

/** `5 draws with a spread of 0.4`, of a random view. */
const drawsText = ({ draws }: Pick<Score, "draws">): ReadonlyArray<string> =>
  draws === undefined ? [] : [`${draws.count} draws with a spread of ${(draws.spread * 100).toFixed(1)}`]

/** What guessing gets. */
export const chanceText = (chance: number | undefined): string =>
  chance === undefined ? "–" : percent(chance)

/** `61.3 %, no interval`: what another program has told, which says no more. */
export const importedText = ({ value, n }: ImportedScore): string =>
  `${percent(value)} (no interval${n === undefined ? "" : `, n = ${n}`})`

/** A difference of shares in percentage points with its sign: `+4.5`, `−0.3`, `+0.02`, and `0.0` of none alone. */
const points = (difference: number): string => {
  const size = Math.abs(difference * 100)
  if (size < SMALLEST) return "0.0"
  return `${difference < 0 ? MINUS : "+"}${size < 0.05 ? size.toFixed(Math.ceil(-Math.log10(size))) : size.toFixed(1)}`
}

/** Points that are what rounding makes of none. */
const SMALLEST = 1e-6

/** `−0.9 … +1.9`. */
const pointsInterval = ({ low, high }: Interval): string => `${points(low)} … ${points(high)}`

/** `+4.5`: a difference's size; its interval is told beside it. */
export const sizeText = ({ value }: Pick<Difference, "value" | "interval">): string => points(value)

/** `−0.9 … +1.9`. */
export const sizeIntervalText = ({ interval }: Pick<Difference, "interval">): string =>
  pointsInterval(interval)

/** `+4.5 (−0.9 … +9.9)`. */
export const differenceText = (difference: Difference): string =>
  `${sizeText(difference)} (${sizeIntervalText(difference)})`

/** A p-value as papers give it. */
export const pValue = (p: number): string => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`)

/** `within ±1 point`. */
export const marginText = (margin: number): string => {
  const size = Number((margin * 100).toFixed(2))
  return `±${size} ${size === 1 ? "point" : "points"}`
}

/** Whether a score was preserved: what was shown, not what was not found. */
export const preservedText = (equivalence: Equivalence | undefined): string => {
  if (equivalence === undefined) return "–"
  return equivalence.isPreserved ? "yes" : "not shown"
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  better: "better",
  worse: "worse",
  "within-noise": "within noise",
  unchanged: "unchanged",
}

/** The verdict in words, for people. */
export const verdictWords = (verdict: Verdict): string => VERDICTS[verdict]

const TESTS: Readonly<Record<Difference["test"], string>> = {
  mcnemar: "McNemar",
  "paired-permutation": "permutation",
  "paired-bootstrap": "bootstrap",
  unpaired: "unpaired",
}

/** The test of a difference in words. */
export const testWords = (test: Difference["test"]): string => TESTS[test]

/** `p = 0.021, McNemar`: corrected by Holm's method, with the test that it is from. */
export const testText = ({ adjusted, test }: Pick<Difference, "adjusted" | "test">): string =>
  `${pValue(adjusted.holm)}, ${testWords(test)}`

/** `a, b and c`; of names with commas `a, x; b, y; and c, z`. */
export const listText = (items: ReadonlyArray<string>): string => {
  const comma = items.some((item) => item.includes(",")) ? "; " : ", "
  return items.length < 2
    ? items.join("")
    : `${items.slice(0, -1).join(comma)}${comma === ", " ? "" : ";"} and ${items.at(-1)}`
}
