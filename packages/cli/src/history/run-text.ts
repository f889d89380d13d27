import type { RunBrief, RunRecord, TaskRecord } from "@diva-pipeline/core"
import { formatBytes, formatSeconds, type Styler } from "../terminal/index.ts"
import { columns } from "./columns.ts"
import { factsOf, peakOf, secondsOf } from "./run-facts.ts"
import { shortDigest, statusText } from "./words.ts"

const whyOf = (task: TaskRecord): string => {
  const [line = ""] = (task.failure?.message ?? "").split("\n")
  if (task.failure !== undefined) return line
  return task.blockedBy === undefined ? (task.reason ?? "") : `needs ${task.blockedBy.join(", ")}`
}

const taskRow = (task: TaskRecord, style: Styler): ReadonlyArray<string> => {
  const [seconds, peak] = [secondsOf(task), peakOf(task)]
  return [
    style.strong(task.id),
    statusText(task.status, style),
    task.attempts.length > 1 ? `${task.attempts.length} attempts` : "",
    seconds === undefined ? "" : formatSeconds(seconds),
    peak === undefined ? "" : formatBytes(peak),
    style.quiet(task.key === undefined ? "" : shortDigest(task.key)),
    whyOf(task),
  ]
}

/** A run for people: what it was made of, and a line for each task. */
export const runText = (run: RunRecord, brief: RunBrief, style: Styler): string => {
  const facts = factsOf(run, brief).map(([name, value]) => [
    name,
    name === "status" ? statusText(value, style) : value,
  ])
  return [...columns(facts), "", ...columns(run.tasks.map((task) => taskRow(task, style)))].join("\n")
}
