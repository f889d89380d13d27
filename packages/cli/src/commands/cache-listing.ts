import type { Inventory } from "@diva-pipeline/core"
import { formatBytes, formatCount, formatSeconds, type Styler } from "../terminal/index.ts"
import type { RunUses } from "./cache-uses.ts"

/** A result in the store, as `cache ls --json` prints it. */
export interface ListedResult {
  readonly key: string
  readonly stage: string
  /** The tasks of recent runs that it was the result of. */
  readonly tasks: ReadonlyArray<string>
  readonly outputs: Readonly<Record<string, string>>
  /** Bytes of its outputs. What several results share is counted with each. */
  readonly size: number
  /** ISO 8601, UTC. */
  readonly made: string
  readonly lastUsed: string
  readonly pinned: boolean
}

const timeText = (time: number): string => new Date(time).toISOString()

/** The results in a store, those that were used last first. */
export const listResults = (
  { records, trees, pins }: Inventory,
  runs: ReadonlyArray<RunUses>,
): ReadonlyArray<ListedResult> => {
  const sizes = new Map(trees.map(({ digest, size }) => [digest, size]))
  const tasks = new Map<string, Set<string>>()
  const lastUse = new Map<string, number>()
  for (const { started, uses } of runs) {
    for (const { task, key } of uses) {
      tasks.set(key, (tasks.get(key) ?? new Set()).add(task))
      lastUse.set(key, Math.max(lastUse.get(key) ?? 0, started))
    }
  }
  return records
    .map(({ record: { key, stage, outputs }, written }) => {
      const digests = Object.values(outputs)
      return {
        key,
        stage,
        tasks: [...(tasks.get(key) ?? [])].sort(),
        outputs,
        size: digests.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0),
        made: timeText(written),
        lastUsed: timeText(Math.max(lastUse.get(key) ?? 0, written)),
        pinned: digests.some((digest) => pins.has(digest)),
      }
    })
    .sort((a, b) => (a.lastUsed < b.lastUsed ? 1 : -1))
}

const ageText = (time: string, now: number): string => {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000)
  return seconds < 172_800 ? formatSeconds(seconds) : formatCount(Math.round(seconds / 86_400), "day")
}

/** The table of `cache ls`. */
export const renderResults = (
  results: ReadonlyArray<ListedResult>,
  style: Styler,
  now: number,
): ReadonlyArray<string> => {
  const rows = results.map(({ key, stage, tasks, size, made, lastUsed, pinned }) => [
    tasks.join(", ") || "-",
    stage,
    formatBytes(size),
    ageText(made, now),
    ageText(lastUsed, now),
    `${key.slice(0, 12)}${pinned ? "  pinned" : ""}`,
  ])
  const head = ["task", "stage", "size", "age", "last used", "key"]
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: ReadonlyArray<string>): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
  return [style.quiet(line(head)), ...rows.map(line)]
}
