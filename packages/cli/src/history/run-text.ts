import { relative } from "node:path"
import type { RunBrief, RunRecord, TaskRecord } from "@diva-pipeline/core"
import { formatBytes, formatSeconds, type Styler } from "../terminal/index.ts"
import { columns } from "./columns.ts"
import { momentText, shortDigest, statusText } from "./words.ts"

/** Seconds from the first attempt's beginning to the last one's end. */
export const secondsOf = ({ attempts }: TaskRecord): number | undefined => {
  const [first, last] = [attempts[0], attempts.at(-1)]
  return first === undefined || last?.ended === undefined ? undefined : (last.ended - first.begun) / 1000
}

/** The most memory that any of a task's attempts has used. */
export const peakOf = ({ attempts }: TaskRecord): number | undefined => {
  const peaks = attempts.flatMap(({ peakMemory }) => (peakMemory === undefined ? [] : [peakMemory]))
  return peaks.length === 0 ? undefined : Math.max(...peaks)
}

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

const gitText = ({ git }: RunRecord): string => {
  if (git === undefined) return ""
  const branch = git.branch === undefined ? "" : ` on ${git.branch}`
  return `${shortDigest(git.commit)}${branch}${git.dirty === true ? ", with changes" : ""}`
}

const machineText = ({ machine }: RunRecord): string =>
  machine === undefined
    ? ""
    : `${machine.system}, ${machine.cores} × ${machine.processor}, ${formatBytes(machine.memory)}`

/** What a run was made of, and how it went. */
const facts = (run: RunRecord, brief: RunBrief, style: Styler): ReadonlyArray<readonly [string, string]> => [
  ["run", style.strong(run.run)],
  ["pipeline", `${run.pipeline} (${run.file})`],
  ["status", statusText(brief.status, style)],
  ["started", `${momentText(run.started)}, took ${formatSeconds(brief.seconds)}`],
  [
    "versions",
    Object.entries(run.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  ],
  ["git", gitText(run)],
  ["machine", machineText(run)],
  [
    "documents",
    run.documents.map(({ file, digest }) => `${file} ${style.quiet(shortDigest(digest))}`).join(", "),
  ],
  [
    "params",
    Object.entries(run.params)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(" "),
  ],
  [
    "outputs",
    Object.values(run.outputs)
      .map((path) => relative(process.cwd(), path))
      .join(", "),
  ],
]

/** A run for people: what it was made of, and a line for each task. */
export const runText = (run: RunRecord, brief: RunBrief, style: Styler): string => {
  const known = facts(run, brief, style).filter(([, value]) => value !== "")
  return [...columns(known), "", ...columns(run.tasks.map((task) => taskRow(task, style)))].join("\n")
}
