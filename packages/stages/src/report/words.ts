import type { Interval } from "../evaluation/metrics/index.ts"
import type { BenchmarkComparison, Difference, Row, Verdict } from "./comparison.ts"

const THIN_SPACE = "\u202f"
/** The typographic minus sign. */
export const MINUS = "\u2212"

/** `55.6 %`. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}${THIN_SPACE}%`

/** A difference of shares in percentage points with its sign: `+4.5`, `−0.3`, `0.0`. */
export const points = (difference: number): string => {
  const text = Math.abs(difference * 100).toFixed(1)
  if (Number(text) === 0) return "0.0"
  return `${difference < 0 ? MINUS : "+"}${text}`
}

/** `−0.9 … +1.9`. */
export const pointsInterval = ({ low, high }: Interval): string => `${points(low)} … ${points(high)}`

/** `51.3 … 59.7 %`. */
export const percentInterval = ({ low, high }: Interval): string =>
  `${(low * 100).toFixed(1)} … ${percent(high)}`

/** A p-value as papers give it. */
export const pValue = (p: number): string => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`)

/** The benchmark's name, with the view of the image feature when it isn't the usual one. */
export const nameOf = ({ benchmark, view }: BenchmarkComparison): string =>
  view === "class" ? benchmark : `${benchmark} (${view} view)`

const VERDICTS: Readonly<Record<Verdict, string>> = {
  better: "better",
  worse: "worse",
  "within-noise": "within noise",
  unchanged: "unchanged",
}

/** The verdict in words, for people. */
export const verdictWords = (verdict: Verdict): string => VERDICTS[verdict]

interface Finding {
  readonly name: string
  readonly row: Row
  readonly difference: Difference
}

const findingsOf = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<Finding> =>
  comparisons.flatMap((comparison) =>
    comparison.rows.flatMap((row) =>
      row.measure.primary && row.difference !== undefined
        ? [{ name: nameOf(comparison), row, difference: row.difference }]
        : [],
    ),
  )

const list = (items: ReadonlyArray<string>): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`

const change = ({ name, row, difference }: Finding): string => {
  const direction = difference.value > 0 ? "rose" : "fell"
  const [before, after] = [percent(row.before?.value ?? 0), percent(row.after?.value ?? 0)]
  return `${name} (${row.measure.title}) ${direction} from ${before} to ${after}, ${points(difference.value)} points`
}

/** What changed and whether it is more than noise, in a sentence or two. */
export const headline = (comparisons: ReadonlyArray<BenchmarkComparison>): string => {
  const findings = findingsOf(comparisons)
  if (findings.length === 0) return scoresOnly(comparisons)
  const moved = findings.filter(({ difference }) => ["better", "worse"].includes(difference.verdict))
  const level = findings.filter(({ difference }) => !["better", "worse"].includes(difference.verdict))
  return [movedSentence(moved, level), ...otherMetrics(comparisons)].join(" ")
}

/** More benchmarks than this are counted, not listed. */
const MOST_LISTED = 6

const movedSentence = (moved: ReadonlyArray<Finding>, level: ReadonlyArray<Finding>): string => {
  if (moved.length + level.length > MOST_LISTED) return counted(moved, moved.length + level.length)
  if (moved.length === 0) return nothingMoved(level)
  const sentence = `Beyond noise, ${moved.map(change).join("; ")}.`
  if (level.length === 0) return sentence
  const rest = level.length === 1 ? "the difference" : "the differences"
  return `${sentence} On ${list(level.map(({ name }) => name))}, ${rest} stayed within noise.`
}

/** Changes in metrics that are not the main one of their benchmark must not hide behind it. */
const otherMetrics = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<string> =>
  comparisons.flatMap((comparison) => {
    const main = comparison.rows.find(({ measure }) => measure.primary)?.difference?.verdict
    const others = comparison.rows.flatMap(({ measure, difference }) =>
      measure.primary || difference === undefined ? [] : [difference.verdict],
    )
    return (["better", "worse"] as const).flatMap((verdict) => {
      const count = others.filter((other) => other === verdict).length
      if (count === 0 || main === verdict) return []
      return [`${nameOf(comparison)} got ${verdict} on ${count} of its ${others.length} other metrics.`]
    })
  })

const counted = (moved: ReadonlyArray<Finding>, all: number): string => {
  if (moved.length === 0) return `None of ${all} benchmarks changed by more than noise.`
  const better = moved.filter(({ difference }) => difference.verdict === "better").length
  const largest = moved.reduce((most, finding) =>
    Math.abs(finding.difference.value) > Math.abs(most.difference.value) ? finding : most,
  )
  return `Of ${all} benchmarks, ${better} got better and ${moved.length - better} worse by more than noise; the largest change: ${change(largest)}.`
}

const nothingMoved = (level: ReadonlyArray<Finding>): string => {
  const sizes = level.map(({ name, difference }) => `${name} ${points(difference.value)}`)
  if (level.every(({ difference }) => difference.verdict === "unchanged"))
    return `Nothing changed: every answer is the same as before on ${list(level.map(({ name }) => name))}.`
  return `No score changed by more than noise (points: ${list(sizes)}).`
}

const scoresOnly = (comparisons: ReadonlyArray<BenchmarkComparison>): string => {
  const scores = comparisons.flatMap((comparison) =>
    comparison.rows.flatMap(({ measure, before, after }) => {
      const score = after ?? before
      return measure.primary && score !== undefined
        ? [`${nameOf(comparison)} ${percent(score.value)} ${measure.title}`]
        : []
    }),
  )
  return `Scores, with nothing to compare them to: ${list(scores)}.`
}

/** What the reader must keep in mind, from the data itself. */
export const caveats = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<string> => {
  const findings = findingsOf(comparisons)
  const noisy = findings.filter(({ difference }) => difference.verdict === "within-noise")
  const runs = Math.max(0, ...comparisons.map(({ runs }) => runs.after))
  return [
    ...comparisons.flatMap(unmatched),
    ...(noisy.length === 0
      ? []
      : [
          `Within noise: ${list(noisy.map(({ name }) => name))}. The 95 % interval of the difference contains zero, or McNemar's exact test gives 0.05 or more: a change of this size would often come about by luck alone.`,
        ]),
    ...seedCaveat(findings.length, runs),
    ...(findings.length < 3
      ? []
      : [
          `${findings.length} comparisons are made. With 95 % intervals about one in twenty looks like a change by luck alone.`,
        ]),
    ...belowChance(comparisons),
  ]
}

const unmatched = (comparison: BenchmarkComparison): ReadonlyArray<string> => {
  const { runs, sameItems } = comparison
  if (runs.before === 0) return [`${nameOf(comparison)} has no score from before to compare with.`]
  if (runs.after === 0) return [`${nameOf(comparison)} has no score from after to compare with.`]
  if (!sameItems)
    return [
      `${nameOf(comparison)} was measured on different items before and after, so its interval is the wider one of two separate samples.`,
    ]
  return []
}

const seedCaveat = (findings: number, runs: number): ReadonlyArray<string> => {
  if (findings === 0) return []
  if (runs > 1)
    return [
      `${runs} training runs: a change counts only if zero lies outside both the interval over the benchmark's items and the one over the runs (Student's t).`,
    ]
  return [
    "One training run: the intervals say how much the choice of test items matters, not how much another seed would differ.",
  ]
}

const belowChance = (comparisons: ReadonlyArray<BenchmarkComparison>): ReadonlyArray<string> =>
  comparisons.flatMap((comparison) => {
    const chance = comparison.rows.find(({ measure }) => measure.primary)?.chance
    if (comparison.kind !== "mmvp" || chance === undefined) return []
    const low = comparison.parts.filter(({ after }) => (after?.interval?.high ?? 1) < chance)
    if (low.length === 0) return []
    return [
      `Below guessing on ${nameOf(comparison)}: ${list(low.map(({ name }) => name))}. There the model answers both statements of a pair with the same image: it does not see the difference.`,
    ]
  })
