import type { Cell } from "./cells.ts"
import { findingsOf } from "./headline.ts"
import type { Report } from "./report.ts"
import { shownImports } from "./shown-imports.ts"
import { listText, marginText } from "./words.ts"

/** What the reader must keep in mind, from the data itself. */
export const caveats = ({ cells, imported, margin }: Report): ReadonlyArray<string> => {
  const findings = findingsOf(cells)
  return [
    ...lonelyCaveat(cells),
    ...cells.flatMap(unmatched),
    ...cells.flatMap(untold),
    ...cells.flatMap(({ name, flags }) => flags.map((flag) => `${name}: ${flag}`)),
    ...noiseCaveat(cells),
    ...seedCaveat(findings.length, cells),
    ...familyCaveat(findings.length),
    ...categoryCaveat(cells),
    ...preservedCaveat(cells, margin),
    ...belowChance(cells),
    ...(imported.length === 0
      ? []
      : [
          ...hiddenImports(imported),
          "Imported scores were measured by another program. They come without answers of single items, so that they have no interval and are compared with nothing.",
        ]),
  ]
}

const hiddenImports = (imported: Report["imported"]): ReadonlyArray<string> =>
  shownImports({ imported }).length === imported.length
    ? []
    : [
        `${imported.length} imported scores are too many to be shown: results.csv and results.jsonl have them, and results/import takes models and benchmarks to choose.`,
      ]

const unmatched = ({ name, runs, sameItems }: Cell): ReadonlyArray<string> => {
  if (runs.before > 0 && runs.after > 0 && !sameItems)
    return [
      `${name} was measured on different items before and after, so its interval is the wider one of two separate samples.`,
    ]
  return []
}

/** Of a report that compares, what has nothing to be compared with. */
const lonelyCaveat = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  if (findingsOf(cells).length === 0) return []
  return cells.flatMap(({ name, runs }) => {
    if (runs.before === 0) return [`${name} has no score from before to compare with.`]
    return runs.after === 0 ? [`${name} has no score from after to compare with.`] : []
  })
}

const untold = ({ name, untold }: Cell): ReadonlyArray<string> =>
  untold.length === 0 ? [] : [`${name}: ${listText(untold)} came without an interval and is not shown.`]

/** More names than this are counted. */
const MOST_NAMED = 8

const noiseCaveat = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  const noisy = findingsOf(cells).filter(({ difference }) => difference.verdict === "within-noise")
  if (noisy.length === 0) return []
  const names = noisy.map(({ name }) => name)
  const which = names.length > MOST_NAMED ? `${names.length} of the main metrics` : listText(names)
  return [
    `Within noise: ${which}. The 95 % interval of the difference contains zero, or its test, corrected for the number of comparisons, gives 0.05 or more: a change of this size would often come about by luck alone. That is no proof that nothing changed.`,
  ]
}

const seedCaveat = (findings: number, cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  const runs = Math.max(0, ...cells.flatMap(({ runs }) => [runs.before, runs.after]))
  if (findings === 0 && runs < 2)
    return [
      "One seed for each score: the intervals say how much the choice of test items matters, not how much another seed would differ.",
    ]
  if (runs > 1)
    return [
      `Up to ${runs} seeds: intervals are of a bootstrap that draws seeds as well as items, widened as Student's t asks for so few seeds.`,
    ]
  return [
    "One seed on each side: the intervals say how much the choice of test items matters, not how much another seed would differ.",
  ]
}

const familyCaveat = (findings: number): ReadonlyArray<string> =>
  findings < 2
    ? []
    : [
        `${findings} main metrics are compared. A verdict counts only if the p-value corrected for all of them by Holm's method is below 0.05; without it about one in twenty comparisons of what is the same would look like a change.`,
      ]

/** Categories have few pairs each, and there are many of them. */
const categoryCaveat = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  const compared = cells.flatMap(({ parts }) => parts.filter(({ difference }) => difference !== undefined))
  const sizes = compared.map(({ n }) => n)
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  if (compared.length === 0) return []
  const pairs = least === most ? `${most}` : `${least} to ${most}`
  return [
    `${compared.length} categories are compared, of ${pairs} ${most === 1 ? "pair" : "pairs"} each, and corrected together, apart from the main metrics: so few pairs show large changes only.`,
  ]
}

const preservedCaveat = (cells: ReadonlyArray<Cell>, margin: number): ReadonlyArray<string> =>
  findingsOf(cells).some(({ difference }) => difference.equivalence !== undefined)
    ? [
        `Preserved within ${marginText(margin)} means: two one-sided tests at 5 % exclude a change beyond that on either side (the 90 % interval lies within it), for each score by itself, not corrected for their number. "Not shown" is no loss: it says that a change beyond the margin isn't excluded.`,
      ]
    : []

const belowChance = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> =>
  cells.flatMap(({ name, kind, rows, parts }) => {
    const chance = rows.find(({ measure }) => measure.primary)?.chance
    if (kind !== "mmvp" || chance === undefined) return []
    const low = parts.filter(({ before, after }) => ((after ?? before)?.interval.high ?? 1) < chance)
    if (low.length === 0) return []
    return [
      `Below guessing on ${name}: ${listText(low.map((part) => part.name))}. A model that answers both statements of a pair with the same image, as it doesn't see the difference, gets no pair right.`,
    ]
  })
