import { Schema } from "effect"
import { maskAddress } from "../../network/index.ts"
import type { SampleRecord } from "./metadata.ts"
import { indentedJson } from "./python-json.ts"

const Failure = Schema.Struct({ url: Schema.String, key: Schema.String, reason: Schema.String })

/** What became of a number of URLs. */
export const Statistics = Schema.Struct({
  count: Schema.Number,
  successes: Schema.Number,
  failedToDownload: Schema.Number,
  failedToResize: Schema.Number,
  /** Of those that failed: without a connection to their server. */
  unreachable: Schema.Number,
  /** How often each error message, and `success`, came. */
  reasons: Schema.Record(Schema.String, Schema.Number),
  /** The first URLs that failed, with secrets masked. */
  failures: Schema.Array(Failure),
})
export type Statistics = typeof Statistics.Type

export const NO_STATISTICS: Statistics = {
  count: 0,
  successes: 0,
  failedToDownload: 0,
  failedToResize: 0,
  unreachable: 0,
  reasons: {},
  failures: [],
}

/** Failed URLs that are listed one by one. */
const LISTED_FAILURES = 100
/** Different messages that are counted one by one, as by img2dataset. */
const COUNTED_REASONS = 100_000

/** Counts what becomes of URLs, one by one. */
export class StatisticsCounter {
  readonly #counts = { count: 0, success: 0, failed_to_download: 0, failed_to_resize: 0 }
  readonly #reasons = new Map<string, number>()
  readonly #failures: Array<typeof Failure.Type> = []

  #unreachable = 0

  add({ key, url, status, errorMessage }: SampleRecord, isUnreachable: boolean): void {
    if (isUnreachable) this.#unreachable += 1
    this.#counts.count += 1
    this.#counts[status] += 1
    const reason = errorMessage ?? status
    if (this.#reasons.has(reason) || this.#reasons.size < COUNTED_REASONS)
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
    if (status !== "success" && this.#failures.length < LISTED_FAILURES)
      this.#failures.push({ url: maskAddress(url), key, reason })
  }

  get statistics(): Statistics {
    return {
      count: this.#counts.count,
      successes: this.#counts.success,
      failedToDownload: this.#counts.failed_to_download,
      failedToResize: this.#counts.failed_to_resize,
      unreachable: this.#unreachable,
      reasons: byFrequency(this.#reasons),
      failures: this.#failures,
    }
  }
}

/** The statistics of two disjoint sets of URLs together; the failures of `left` come first. */
export const mergeStatistics = (left: Statistics, right: Statistics): Statistics => {
  const reasons = new Map(Object.entries(left.reasons))
  for (const [reason, times] of Object.entries(right.reasons))
    reasons.set(reason, (reasons.get(reason) ?? 0) + times)
  return {
    count: left.count + right.count,
    successes: left.successes + right.successes,
    failedToDownload: left.failedToDownload + right.failedToDownload,
    failedToResize: left.failedToResize + right.failedToResize,
    unreachable: left.unreachable + right.unreachable,
    reasons: byFrequency(reasons),
    failures: [...left.failures, ...right.failures].slice(0, LISTED_FAILURES),
  }
}

const byFrequency = (reasons: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries(
    [...reasons].sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : a > b ? 1 : 0)),
  )

/**
 * `NNNNN_stats.json`: img2dataset's keys but for `duration`, `start_time` and `end_time`, which would make every run's
 * bytes others.
 */
export const statsJson = (statistics: Statistics): string =>
  indentedJson({
    count: statistics.count,
    successes: statistics.successes,
    failed_to_download: statistics.failedToDownload,
    failed_to_resize: statistics.failedToResize,
    status_dict: statistics.reasons,
  })

/** `summary.json`: everything in one, with the first URLs that failed. */
export const summaryJson = (statistics: Statistics, shards: number): string => {
  const { success: _, ...reasons } = statistics.reasons
  return `${JSON.stringify(
    {
      kind: "download",
      count: statistics.count,
      successes: statistics.successes,
      failed_to_download: statistics.failedToDownload,
      failed_to_resize: statistics.failedToResize,
      shards,
      reasons,
      failures: statistics.failures,
    },
    null,
    2,
  )}\n`
}

/** The commonest reasons of failure, in words: `HTTP Error 404: Not Found (12×), timed out (3×)`. */
export const commonestReasons = (statistics: Statistics, count = 3): string => {
  const { success: _, ...reasons } = statistics.reasons
  const entries = Object.entries(reasons)
  const listed = entries.slice(0, count).map(([reason, times]) => `${firstLine(reason)} (${times}×)`)
  return `${listed.join(", ")}${entries.length > count ? ", …" : ""}`
}

const firstLine = (reason: string): string => reason.split("\n", 1)[0] ?? reason
