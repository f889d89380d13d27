import type { Change } from "@diva-pipeline/core"
import { printable, type Styler } from "../terminal/index.ts"
import { columns } from "./columns.ts"
import { momentText } from "./words.ts"

/** Why a task isn't taken from the store. */
export interface Explanation {
  /** Where it isn't what changed. */
  readonly reason?: string
  /** When it was last done, and by which run. */
  readonly since?: { readonly run?: string; readonly time?: number }
  /** What is different from then. */
  readonly changes: ReadonlyArray<Change>
}

/** Longer values are cut. */
const LONGEST = 80

const short = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`)

const valuesText = ({ before, after }: Change): string => {
  if (before === undefined) return after === undefined ? "" : `new: ${short(after)}`
  return after === undefined ? `gone: ${short(before)}` : `${short(before)} → ${short(after)}`
}

const changeRow = (change: Change, style: Styler): ReadonlyArray<string> => {
  const { kind, name, input } = change
  const values = printable(valuesText(change))
  const content = kind === "source" || kind === "upstream"
  return [
    `    ${style.strong(printable(input ?? name))}`,
    content ? `content of ${printable(name)}: ${values}` : values,
  ]
}

const sinceText = ({ since, changes }: Explanation): string => {
  if (since === undefined) return ""
  const who = since.run === undefined ? "" : ` run ${since.run}`
  const when = since.time === undefined ? "" : `${who === "" ? " " : ", "}${momentText(since.time)}`
  return `${changes.length > 0 ? "changed" : "nothing changed"} since${who}${when}`
}

/** An explanation, to stand after the task's name: a line, and one for each change. */
export const explanationText = (explanation: Explanation, style: Styler): string => {
  const { reason, changes } = explanation
  const heading = [reason === undefined ? "" : printable(reason), style.quiet(sinceText(explanation))]
  const rows = columns(changes.map((change) => changeRow(change, style)))
  return [heading.filter((text) => text !== "").join("; "), ...rows].join("\n")
}
