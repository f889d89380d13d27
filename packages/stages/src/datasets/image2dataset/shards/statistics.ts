import { Schema } from "effect"
import { maskAddress } from "../../../network/index.ts"
import type { DoneSample } from "./done-sample.ts"
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
  /** How often each kind of failure came. */
  kinds: Schema.Record(Schema.String, Schema.Number),
  /** How many URLs of a host failed, for those with the most. */
  failingHosts: Schema.Record(Schema.String, Schema.Number),
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
  kinds: {},
  failingHosts: {},
  failures: [],
}

/** Failed URLs that are listed one by one. */
const LISTED_FAILURES = 100
/** Different messages that are counted one by one, as by img2dataset. */
const COUNTED_REASONS = 100_000
/** Hosts that are counted while a shard is written, and that are told of in the end. */
const COUNTED_HOSTS = 20_000
const LISTED_HOSTS = 50

/** Counts what becomes of URLs, one by one. */
export class StatisticsCounter {
  readonly #counts = { count: 0, success: 0, failed_to_download: 0, failed_to_resize: 0 }
  readonly #reasons = new Map<string, number>()
  readonly #kinds = new Map<string, number>()
  readonly #hosts = new Map<string, number>()
  readonly #failures: Array<typeof Failure.Type> = []
  #unreachable = 0

  add({ record: { key, url, status, errorMessage }, fault, isUnreachable }: DoneSample): void {
    if (isUnreachable) this.#unreachable += 1
    this.#counts.count += 1
    this.#counts[status] += 1
    const reason = errorMessage ?? status
    count(this.#reasons, reason, COUNTED_REASONS)
    if (status === "success") return
    if (fault !== undefined) count(this.#kinds, fault, COUNTED_REASONS)
    if (URL.canParse(url)) count(this.#hosts, new URL(url).host, COUNTED_HOSTS)
    if (this.#failures.length < LISTED_FAILURES) this.#failures.push({ url: maskAddress(url), key, reason })
  }

  get statistics(): Statistics {
    return {
      count: this.#counts.count,
      successes: this.#counts.success,
      failedToDownload: this.#counts.failed_to_download,
      failedToResize: this.#counts.failed_to_resize,
      unreachable: this.#unreachable,
      reasons: byFrequency(this.#reasons),
      kinds: byFrequency(this.#kinds),
      failingHosts: byFrequency(this.#hosts, LISTED_HOSTS),
      failures: this.#failures,
    }
  }
}

/** Adds up the statistics of disjoint sets of URLs. The failures that are listed are those of the first sets. */
export class StatisticsSum {
  readonly #counts = { count: 0, successes: 0, failedToDownload: 0, failedToResize: 0, unreachable: 0 }
  readonly #reasons = new Map<string, number>()
  readonly #kinds = new Map<string, number>()
  readonly #hosts = new Map<string, number>()
  readonly #failures: Array<typeof Failure.Type> = []

  add(part: Statistics): void {
    this.#counts.count += part.count
    this.#counts.successes += part.successes
    this.#counts.failedToDownload += part.failedToDownload
    this.#counts.failedToResize += part.failedToResize
    this.#counts.unreachable += part.unreachable
    addAll(this.#reasons, part.reasons, COUNTED_REASONS)
    addAll(this.#kinds, part.kinds, COUNTED_REASONS)
    addAll(this.#hosts, part.failingHosts, COUNTED_HOSTS)
    this.#failures.push(...part.failures.slice(0, LISTED_FAILURES - this.#failures.length))
  }

  get statistics(): Statistics {
    return {
      ...this.#counts,
      reasons: byFrequency(this.#reasons),
      kinds: byFrequency(this.#kinds),
      failingHosts: byFrequency(this.#hosts, LISTED_HOSTS),
      failures: this.#failures,
    }
  }
}

const addAll = (sum: Map<string, number>, counts: Readonly<Record<string, number>>, most: number): void => {
  for (const [name, times] of Object.entries(counts)) {
    const before = sum.get(name)
    if (before !== undefined || sum.size < most) sum.set(name, (before ?? 0) + times)
  }
}

/** Counts one more of a name, unless there are too many names. */
const count = (counts: Map<string, number>, name: string, most: number): void => {
  const before = counts.get(name)
  if (before !== undefined || counts.size < most) counts.set(name, (before ?? 0) + 1)
}

const byFrequency = (counts: ReadonlyMap<string, number>, most = COUNTED_REASONS): Record<string, number> =>
  Object.fromEntries(
    [...counts]
      .sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : a > b ? 1 : 0))
      .slice(0, most),
  )

/** When a shard was begun and ended, in seconds since 1970. */
export interface ShardTimes {
  readonly start: number
  readonly end: number
}

/**
 * `NNNNN_stats.json` with img2dataset's keys. Without times, there are no `duration`, `start_time` and `end_time`: they
 * would make every run's bytes others.
 */
export const statsJson = (statistics: Statistics, times: ShardTimes | undefined): string =>
  indentedJson({
    count: statistics.count,
    successes: statistics.successes,
    failed_to_download: statistics.failedToDownload,
    failed_to_resize: statistics.failedToResize,
    ...(times !== undefined && {
      duration: times.end - times.start,
      start_time: times.start,
      end_time: times.end,
    }),
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
      kinds: statistics.kinds,
      failing_hosts: statistics.failingHosts,
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
