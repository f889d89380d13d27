import type { RunBrief, RunRecord, TaskRecord, TimelineEntry } from "@diva-pipeline/core"
import { timelineOf } from "@diva-pipeline/core"
import { formatBytes, formatSeconds } from "../terminal/index.ts"
import { PAGE_STYLE } from "./page-style.ts"
import { factsOf, peakOf, secondsOf } from "./run-facts.ts"
import { shortDigest } from "./words.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}
const html = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)

/** Height of a row of the timeline, in rem. */
const ROW = 1.8

const bar = (run: RunRecord, entry: TimelineEntry): string => {
  const { task, attempt, row, begun, ended } = entry
  const length = Math.max(1, run.seconds * 1000)
  const percent = (milliseconds: number): string => `${((milliseconds / length) * 100).toFixed(3)}%`
  const peak = attempt.peakMemory === undefined ? "" : `, peak ${formatBytes(attempt.peakMemory)}`
  const result = attempt.result ?? "unfinished"
  const title = `${task.id}, attempt ${attempt.attempt}: ${result}, ${formatSeconds((ended - begun) / 1000)}${peak}`
  const place = `left: ${percent(begun - run.started)}; width: ${percent(ended - begun)}; top: ${(row * ROW + 0.15).toFixed(2)}rem`
  return `<div class="bar ${result}" style="${place}" title="${html(title)}">${html(task.id)}</div>`
}

const timeline = (run: RunRecord): string => {
  const entries = timelineOf(run)
  if (entries.length === 0) return "<p class=quiet>Everything was in the store.</p>"
  const rows = Math.max(...entries.map(({ row }) => row)) + 1
  const bars = entries.map((entry) => bar(run, entry)).join("\n")
  const axis = `<div class=axis><span>0 s</span><span>${formatSeconds(run.seconds)}</span></div>`
  return `<div class=timeline style="height: ${(rows * ROW).toFixed(2)}rem">\n${bars}\n</div>${axis}`
}

const row = (task: TaskRecord): string => {
  const [seconds, peak] = [secondsOf(task), peakOf(task)]
  const why = task.blockedBy === undefined ? (task.reason ?? "") : `needs ${task.blockedBy.join(", ")}`
  return `<tr><td>${html(task.id)}<td class=quiet>${html(task.stage)}<td class="status ${task.status}">${task.status}
<td class=number>${task.attempts.length > 0 ? task.attempts.length : ""}<td class=number>${seconds === undefined ? "" : formatSeconds(seconds)}
<td class=number>${peak === undefined ? "" : formatBytes(peak)}<td><code>${shortDigest(task.key ?? "")}</code><td>${html(why)}`
}

const table = (tasks: ReadonlyArray<TaskRecord>): string =>
  `<table><tr><th>Task<th>Stage<th>Status<th class=number>Attempts<th class=number>Time<th class=number>Memory<th>Key<th>Why
${tasks.map(row).join("\n")}</table>`

/** Cached tasks may be many, and say little. */
const tables = (tasks: ReadonlyArray<TaskRecord>): string => {
  const cached = tasks.filter(({ status }) => status === "cached")
  const others = tasks.filter(({ status }) => status !== "cached")
  const rest = `<details><summary>${cached.length} cached</summary>${table(cached)}</details>`
  return `${others.length > 0 ? table(others) : ""}${cached.length > 0 ? rest : ""}`
}

const failure = (task: TaskRecord, log: ReadonlyArray<string>): string => {
  if (task.failure === undefined) return ""
  const { reason, message, hint, location } = task.failure
  const said =
    log.length === 0 ? "" : `<p class=quiet>The end of its log:</p><pre>${html(log.join("\n"))}</pre>`
  return `<h3>${html(task.id)} <span class=quiet>${reason}, ${html(location)}</span></h3>
<pre>${html(message)}</pre>${hint === undefined ? "" : `<p>${html(hint)}</p>`}${said}`
}

/**
 * A run as a page that needs nothing else: what it was made of, when what ran, every task, and the failures.
 *
 * @param logOf the last lines of a task's last log
 */
export const runPage = (
  run: RunRecord,
  brief: RunBrief,
  logOf: (task: TaskRecord) => ReadonlyArray<string>,
): string => {
  const failed = run.tasks.filter((task) => task.failure !== undefined)
  const facts = factsOf(run, brief).map(([name, value]) => `<dt>${name}<dd>${html(value)}`)
  return `<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>${html(run.pipeline)} · ${html(run.run)}</title>
<style>${PAGE_STYLE}</style>
<h1>${html(run.pipeline)} <span class="status ${brief.status}">${brief.status}</span></h1>
<dl>
${facts.join("\n")}
</dl>
${failed.length > 0 ? `<h2>Failures</h2>\n${failed.map((task) => failure(task, logOf(task))).join("\n")}` : ""}
<h2>Timeline</h2>
${timeline(run)}
<h2>Tasks</h2>
${tables(run.tasks)}
</html>`
}
