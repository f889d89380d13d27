import type { Cell } from "./cells.ts"
import type { Difference, Row } from "./differences.ts"
import { basisText, differenceText, estimateText, listText } from "./words.ts"

/** The main metric of a cell, compared. */
export interface Finding {
  readonly name: string
  readonly row: Row
  readonly difference: Difference
}

/** The main metrics that were compared. */
export const findingsOf = (cells: ReadonlyArray<Cell>): ReadonlyArray<Finding> =>
  cells.flatMap(({ name, rows }) =>
    rows.flatMap((row) =>
      row.measure.primary && row.difference !== undefined ? [{ name, row, difference: row.difference }] : [],
    ),
  )

/** The names of the main scores that are worse beyond noise. */
export const worseNames = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> =>
  findingsOf(cells).flatMap(({ name, difference }) => (difference.verdict === "worse" ? [name] : []))

const hasMoved = ({ difference: { verdict } }: Finding): boolean =>
  verdict === "better" || verdict === "worse"

const change = ({ name, row: { measure, before, after }, difference }: Finding): string => {
  if (before === undefined || after === undefined) return name
  const direction = difference.value > 0 ? "rose" : "fell"
  return `${name} (${measure.title}, ${basisText(after)}) ${direction} from ${estimateText(before)} to ${estimateText(after)}, by ${differenceText(difference)} points`
}

/** What changed and whether it is more than noise, in a sentence or two. */
export const headline = (cells: ReadonlyArray<Cell>): string => {
  const findings = findingsOf(cells)
  if (findings.length === 0) return scoresOnly(cells)
  const moved = findings.filter(hasMoved)
  const level = findings.filter((finding) => !hasMoved(finding))
  return [movedSentence(moved, level), ...otherMetrics(cells)].join(" ")
}

/** More scores than this are counted, not listed. */
const MOST_LISTED = 4

const movedSentence = (moved: ReadonlyArray<Finding>, level: ReadonlyArray<Finding>): string => {
  if (moved.length + level.length > MOST_LISTED) return counted(moved, moved.length + level.length)
  if (moved.length === 0) return nothingMoved(level)
  const sentence = `Beyond noise, ${moved.map(change).join("; ")}.`
  if (level.length === 0) return sentence
  const rest = level.length === 1 ? "the difference" : "the differences"
  return `${sentence} On ${listText(level.map(({ name }) => name))}, ${rest} stayed within noise.`
}

/** Changes in metrics that are not the main one of their benchmark must not hide behind it. */
const otherMetrics = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  if (cells.length > MOST_LISTED) return []
  return cells.flatMap(({ name, rows }) => {
    const main = rows.find(({ measure }) => measure.primary)?.difference?.verdict
    const others = rows.flatMap(({ measure, difference }) =>
      measure.primary || difference === undefined ? [] : [difference.verdict],
    )
    return (["better", "worse"] as const).flatMap((verdict) => {
      const count = others.filter((other) => other === verdict).length
      if (count === 0 || main === verdict) return []
      return [`${name} got ${verdict} on ${count} of its ${others.length} other metrics.`]
    })
  })
}

const counted = (moved: ReadonlyArray<Finding>, all: number): string => {
  const [first, ...others] = moved
  if (first === undefined) return `None of ${all} scores changed by more than noise.`
  const better = moved.filter(({ difference }) => difference.verdict === "better").length
  const size = (finding: Finding): number => Math.abs(finding.difference.value)
  const largest = others.reduce((most, finding) => (size(finding) > size(most) ? finding : most), first)
  return `Of ${all} scores, ${better} got better and ${moved.length - better} worse by more than noise; the largest change: ${change(largest)}.`
}

const nothingMoved = (level: ReadonlyArray<Finding>): string => {
  const names = level.map(({ name }) => name)
  if (level.every(({ difference }) => difference.verdict === "unchanged"))
    return `Nothing changed: every answer is the same as before on ${listText(names)}.`
  const sizes = level.map(({ name, row, difference }) => {
    const score = row.after ?? row.before
    return `${name} ${differenceText(difference)}${score === undefined ? "" : `, ${basisText(score)}`}`
  })
  return `No score changed by more than noise. After minus before, in points: ${sizes.join("; ")}.`
}

const scoresOnly = (cells: ReadonlyArray<Cell>): string => {
  const scores = cells.flatMap(({ name, rows }) =>
    rows.flatMap(({ measure, before, after }) => {
      const score = after ?? before
      return measure.primary && score !== undefined
        ? [`${name} (${measure.title}, ${basisText(score)}) ${estimateText(score)}`]
        : []
    }),
  )
  if (scores.length > MOST_LISTED)
    return `Scores of ${scores.length} combinations of model and benchmark, with nothing to compare them to.`
  return `Scores, with nothing to compare them to: ${scores.join("; ")}.`
}
