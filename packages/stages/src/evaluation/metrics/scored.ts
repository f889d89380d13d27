import { createHash } from "node:crypto"
import { RandomStream } from "../../randomness/index.ts"
import { type Interval, mean, standardDeviation, wilsonInterval } from "../../statistics/index.ts"
import type { Metrics } from "./metrics-file.ts"

/** What every metrics file says of its evaluation. */
export interface Evaluated {
  readonly benchmark: string
  readonly model?: string
  readonly view: Metrics["view"]
  /** The set of prompts that classes were described by. */
  readonly prompts?: string
  /** What is odd in the data. */
  readonly flags?: ReadonlyArray<string>
}

const BOOTSTRAP_SEED = 0

/** The stream of an interval: a name, so that the same scores give the same interval. */
export const intervalStream = (purpose: string): RandomStream =>
  RandomStream.named(BOOTSTRAP_SEED, "evaluation", purpose)

/** Names a list of items. */
export const digestOf = (names: ReadonlyArray<string>): string =>
  createHash("sha256").update(JSON.stringify(names)).digest("hex")

/** Hits as the metrics file keeps them. */
export const asText = (hits: Uint8Array): string => hits.join("")

/** For each item the share of draws in which it was right. */
export const shares = (draws: ReadonlyArray<Uint8Array>): Float64Array =>
  Float64Array.from(draws[0] ?? [], (_, item) => mean(draws.map((draw) => draw[item] ?? 0)))

/** The standard deviations over the draws, when there are several. */
export const spreadOf = (
  values: Record<string, ReadonlyArray<number>>,
): { spread?: Record<string, number> } => {
  const entries = Object.entries(values)
  if ((entries[0]?.[1].length ?? 0) < 2) return {}
  return { spread: Object.fromEntries(entries.map(([name, list]) => [name, standardDeviation(list)])) }
}

/** Each metric's mean over the draws. */
export const means = (values: Record<string, ReadonlyArray<number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, mean(list)]))

/** Wilson's interval of the items' mean share. Several draws average some noise away, so for them it errs on the wide side. */
export const shareInterval = (draws: ReadonlyArray<Uint8Array>): Interval => {
  const items = draws[0]?.length ?? 0
  return wilsonInterval(mean(draws.map(mean)) * items, items)
}

/** A metrics file's first lines. */
export const head = (
  kind: Metrics["kind"],
  { benchmark, model, view, prompts, flags = [] }: Evaluated,
  draws: number,
  n: number,
): Pick<Metrics, "kind" | "benchmark" | "model" | "view" | "prompts" | "draws" | "n" | "flags"> => ({
  kind,
  benchmark,
  ...(model === undefined ? {} : { model }),
  view,
  ...(prompts === undefined ? {} : { prompts }),
  draws,
  n,
  ...(flags.length === 0 ? {} : { flags: [...flags] }),
})
