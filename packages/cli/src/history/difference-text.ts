import type { Cause, Change, RunDifference, TaskDifference } from "@diva-pipeline/core"
import { formatCount, type Styler } from "../terminal/index.ts"
import { columns } from "./columns.ts"

const valuesText = ({ before, after }: Change): string => {
  if (before === undefined) return after === undefined ? "" : `new: ${after}`
  return after === undefined ? `gone: ${before}` : `${before} → ${after}`
}

const changeRow = (change: Change, style: Styler): ReadonlyArray<string> => {
  const name = change.kind === "param" ? `param ${change.name}` : change.name
  return [`  ${style.strong(name)}`, valuesText(change)]
}

const causeText = (cause: Cause, task: string): string => {
  const where = cause.task === task ? "" : ` of ${cause.task}`
  const values = valuesText(cause)
  const told = values === "" ? "" : `: ${values}`
  switch (cause.kind) {
    case "chance":
      return cause.task === task
        ? "same key, different bytes: the stage doesn't give the same result each time"
        : `${cause.task} gave different bytes for the same key: the stage doesn't give the same result each time`
    case "input":
      return `input \`${cause.name}\`${where} changed${told}`
    case "source":
      return `the content of ${cause.name}, which ${cause.task} reads, changed${told}`
    case "upstream":
      return `${cause.name} has other content, and the records that say why are gone`
    default:
      return `${cause.name}${where} changed${told}`
  }
}

const reasonsOf = ({ task, causes }: TaskDifference): ReadonlyArray<string> =>
  causes.length === 0 ? ["the records that say why are gone"] : causes.map((cause) => causeText(cause, task))

/** How many tasks that differ alike are named. */
const MOST_NAMED = 4

const namesText = (tasks: ReadonlyArray<TaskDifference>, style: Styler): string => {
  const names = tasks.slice(0, MOST_NAMED).map(({ task }) => style.strong(task))
  return `${names.join(", ")}${tasks.length > MOST_NAMED ? ` and ${tasks.length - MOST_NAMED} more` : ""}`
}

/** Tasks that differ alike, such as the members of a matrix, are told together. */
const taskLines = (tasks: ReadonlyArray<TaskDifference>, style: Styler): ReadonlyArray<string> => {
  const alike = Map.groupBy(tasks, (task) => JSON.stringify([task.outputs, reasonsOf(task)]))
  return [...alike.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return [
      `${style.warning("≠")} ${namesText(group, style)}  ${style.quiet(first.outputs.join(", "))}`,
      ...reasonsOf(first).map((text) => `    ${text}`),
    ]
  })
}

const named = (title: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0 ? [] : [`${title}: ${names.join(", ")}`]

const closing = ({ tasks, same }: RunDifference): string =>
  tasks.length === 0
    ? `no result differs: ${formatCount(same, "task")} gave the same bytes`
    : `${formatCount(tasks.length, "task")} gave other bytes, ${same} the same`

/** What differs between two runs, and why, for people. */
export const differenceText = (difference: RunDifference, style: Styler): string =>
  [
    `${style.strong(difference.before)} → ${style.strong(difference.after)}`,
    ...columns(difference.changes.map((change) => changeRow(change, style))),
    ...taskLines(difference.tasks, style),
    ...named("only in the first", difference.onlyBefore),
    ...named("only in the second", difference.onlyAfter),
    ...named("without a result in one of them", difference.unfinished),
    closing(difference),
  ].join("\n")
