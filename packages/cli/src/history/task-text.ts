import type { AttemptRecord, RecordedField, TaskRecord } from "@diva-pipeline/core"
import { formatBytes, formatCount, formatSeconds, type Styler } from "../terminal/index.ts"
import { columns } from "./columns.ts"
import { momentText, shortDigest, statusText } from "./words.ts"

/** A task, with what is not in its run's journal. */
export interface ShownTask {
  readonly task: TaskRecord
  /** Of a cached task, from the record of its key. */
  readonly inputs: Readonly<Record<string, RecordedField>>
  readonly environment: Readonly<Record<string, string>>
  /** The last lines of the last attempt's log. */
  readonly log: ReadonlyArray<string>
  readonly logFile: string | undefined
}

const attemptText = (attempt: AttemptRecord, style: Styler): ReadonlyArray<string> => {
  const { begun, ended, stageSeconds, commitSeconds, peakMemory, resources, gpus } = attempt
  const parts = [
    `began ${momentText(begun)}`,
    ended === undefined ? "" : `took ${formatSeconds((ended - begun) / 1000)}`,
    stageSeconds === undefined ? "" : `stage ${formatSeconds(stageSeconds)}`,
    commitSeconds === undefined ? "" : `commit ${formatSeconds(commitSeconds)}`,
    peakMemory === undefined ? "" : `peak ${formatBytes(peakMemory)}`,
    resources === undefined ? "" : `held ${formatCount(resources.cpu, "core")}, ${resources.memory} MB`,
    gpus === undefined || gpus.length === 0 ? "" : `gpus ${gpus.join(", ")}`,
  ]
  const line = `  ${attempt.attempt}  ${statusText(attempt.result ?? "unfinished", style)}  ${parts.filter((part) => part !== "").join(", ")}`
  const { failure } = attempt
  return failure === undefined
    ? [line]
    : [line, ...`${failure.reason}: ${failure.message}`.split("\n").map((text) => `     ${text}`)]
}

const inputRow = ([place, field]: readonly [string, RecordedField], style: Styler): ReadonlyArray<string> => [
  `  ${place}`,
  field.shown ?? "",
  field.kind === "value" && field.shown !== undefined ? "" : style.quiet(shortDigest(field.digest)),
]

const outputRow = (
  [name, { digest, bytes, files }]: [string, TaskRecord["outputs"][string]],
  style: Styler,
): ReadonlyArray<string> => [
  `  ${name}`,
  bytes === undefined || files === undefined ? "" : `${formatBytes(bytes)}, ${formatCount(files, "file")}`,
  style.quiet(digest),
]

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title, ...lines]

/** Everything about one task of a run. */
export const taskText = ({ task, inputs, environment, log, logFile }: ShownTask, style: Styler): string =>
  [
    ...columns([
      ["task", style.strong(task.id)],
      ["stage", `${task.stage} version ${task.version}`],
      ["status", statusText(task.status, style)],
      ...(task.reason === undefined ? [] : [["reason", task.reason]]),
      ...(task.blockedBy === undefined ? [] : [["needs", task.blockedBy.join(", ")]]),
      ...(task.key === undefined ? [] : [["key", task.key]]),
    ]),
    ...section("inputs", columns(Object.entries(inputs).map((entry) => inputRow(entry, style)))),
    ...section(
      "environment",
      columns(Object.entries(environment).map(([name, value]) => [`  ${name}`, value])),
    ),
    ...section("outputs", columns(Object.entries(task.outputs).map((entry) => outputRow(entry, style)))),
    ...section(
      "attempts",
      task.attempts.flatMap((attempt) => attemptText(attempt, style)),
    ),
    ...section(
      `log${logFile === undefined ? "" : ` ${logFile}`}`,
      log.map((line) => `  ${line}`),
    ),
  ].join("\n")
