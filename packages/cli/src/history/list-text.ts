import type { Removal, RunBrief } from "@diva-pipeline/core"
import { formatCount, formatSeconds, type Styler } from "../terminal/index.ts"
import { columns } from "./columns.ts"
import { momentText, statusText } from "./words.ts"

const countsText = ({ counts, tasks }: RunBrief): string => {
  const parts = [
    [counts.succeeded, "run"],
    [counts.cached, "cached"],
    [counts.failed, "failed"],
    [counts.blocked, "not run"],
    [counts.cancelled, "cancelled"],
  ] as const
  const told = parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : []))
  return `${formatCount(tasks, "task")}${told.length > 0 ? `: ${told.join(", ")}` : ""}`
}

/** Runs, a line each. */
export const listText = (briefs: ReadonlyArray<RunBrief>, style: Styler): string =>
  columns(
    briefs.map((brief) => [
      style.strong(brief.run),
      brief.pipeline,
      statusText(brief.status, style),
      momentText(brief.started),
      formatSeconds(brief.seconds),
      style.quiet(countsText(brief)),
    ]),
  ).join("\n")

/** What is removed, or would be. */
export const removalText = (removal: Removal, isDone: boolean, style: Styler): string => {
  const running = removal.running.map((brief) => `${brief.run} is still running: it stays`)
  if (removal.runs.length === 0) return [...running, "nothing to remove"].join("\n")
  const count = formatCount(removal.runs.length, "run")
  const last = isDone ? `removed ${count}` : `${count} would be removed: \`--yes\` removes them`
  return [listText(removal.runs, style), ...running, last].join("\n")
}
