import type { Progress } from "@diva-pipeline/core"
import { printable } from "./printable.ts"
import { formatBytes, formatRate, formatSeconds } from "./quantities.ts"
import type { Styler } from "./style.ts"

/** A running task as its line shows it. */
export interface RunningTask {
  readonly id: string
  readonly attempt: number
  /** Milliseconds. */
  readonly startedAt: number
  /** The first progress of this attempt: resumed work must not count as this attempt's speed. */
  readonly firstProgress: { readonly at: number; readonly done: number } | undefined
  readonly progress: Progress | undefined
}

const BAR_WIDTH = 18

/** The unit of downloads; nobody reads them digit by digit. */
const BYTES = "bytes"

const counted = (done: number, unit: string): string =>
  unit === BYTES ? formatBytes(done) : `${done} ${unit}`

const countedOf = (done: number, total: number, unit: string): string =>
  unit === BYTES ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done}/${total} ${unit}`

const bar = (share: number, style: Styler): string => {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH)
  return style.accent("━".repeat(filled)) + style.quiet("─".repeat(BAR_WIDTH - filled))
}

/** Units a second since the attempt's first progress; undefined before two seconds have shown it. */
const rateOf = (task: RunningTask, now: number): number | undefined => {
  const { firstProgress: first, progress } = task
  if (first === undefined || progress === undefined || now - first.at < 1000) return undefined
  const rate = (progress.done - first.done) / ((now - first.at) / 1000)
  return rate > 0 ? rate : undefined
}

/** On one line, and nothing that steers the terminal. */
const oneLine = (text: string): string => printable(text).replaceAll(/[\n\t]/g, " ")

/** What is said of a running task after its name: bar, count, rate, time left, detail. */
export const describeProgress = (task: RunningTask, now: number, style: Styler): string => {
  const { progress } = task
  const elapsed = formatSeconds((now - task.startedAt) / 1000)
  const attempt = task.attempt > 1 ? style.warning(` attempt ${task.attempt}`) : ""
  if (progress === undefined) return `${style.quiet(elapsed)}${attempt}`
  const rate = rateOf(task, now)
  const { done, total } = progress
  const unit = oneLine(progress.unit)
  const parts = [
    total === undefined
      ? counted(done, unit)
      : `${bar(done / Math.max(1, total), style)} ${countedOf(done, total, unit)}`,
    rate === undefined ? "" : `${unit === BYTES ? formatBytes(rate) : formatRate(rate)}/s`,
    rate === undefined || total === undefined ? elapsed : `${formatSeconds((total - done) / rate)} left`,
    oneLine(progress.detail ?? ""),
  ]
  return parts.filter((part) => part !== "").join("  ") + attempt
}
