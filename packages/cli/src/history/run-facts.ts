import { relative } from "node:path"
import type { RunBrief, RunRecord, TaskRecord } from "@diva-pipeline/core"
import { formatBytes, formatSeconds } from "../terminal/index.ts"
import { momentText, shortDigest } from "./words.ts"

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

const gitText = ({ git }: RunRecord): string => {
  if (git === undefined) return ""
  const branch = git.branch === undefined ? "" : ` on ${git.branch}`
  return `${shortDigest(git.commit)}${branch}${git.dirty === true ? ", with changes" : ""}`
}

const machineText = ({ machine }: RunRecord): string =>
  machine === undefined
    ? ""
    : `${machine.system}, ${machine.cores} × ${machine.processor}, ${formatBytes(machine.memory)}`

/** What a run was made of, and how it went: what is known of it, by name. */
export const factsOf = (run: RunRecord, brief: RunBrief): ReadonlyArray<readonly [string, string]> => {
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["run", run.run],
    ["pipeline", `${run.pipeline} (${run.file})`],
    ["status", brief.status],
    ["started", `${momentText(run.started)}, took ${formatSeconds(brief.seconds)}`],
    [
      "versions",
      Object.entries(run.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["git", gitText(run)],
    ["machine", machineText(run)],
    ["documents", run.documents.map(({ file, digest }) => `${file} ${shortDigest(digest)}`).join(", ")],
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
  return facts.filter(([, value]) => value !== "")
}
