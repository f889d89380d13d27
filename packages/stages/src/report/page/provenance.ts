import type { Cell, Origin } from "../cells.ts"
import { element, type Markup } from "./markup.ts"

/** Where each cell of the tables and figures comes from: what its numbers link to. */
export const provenance = (cells: ReadonlyArray<Cell>): ReadonlyArray<Markup> => {
  const count = cells.reduce((sum, { origins }) => sum + origins.before.length + origins.after.length, 0)
  const entry = count > MOST_ENTRIES ? originLine : originEntry
  return cells.map((cell) => cellOrigin(cell, entry))
}

/** More than these are told in a line each: what went into them is in summary.json. */
const MOST_ENTRIES = 100

const cellOrigin = (
  { id, name, origins, runs }: Cell,
  entry: (side: string, origin: Origin) => Markup,
): Markup =>
  element(
    "article",
    { id, class: "origin" },
    element("h3", {}, element("bdi", {}, name)),
    ...(["before", "after"] as const).flatMap((side) =>
      runs[side] === 0
        ? []
        : origins[side].length === 0
          ? [
              element(
                "p",
                { class: "quiet" },
                `The metrics ${runs.before === 0 ? "" : `${side} `}were given as files, not made by this pipeline.`,
              ),
            ]
          : origins[side].map((origin) => entry(runs.before === 0 ? "score" : side, origin)),
    ),
  )

const originLine = (side: string, { artefact, key, task, output }: Origin): Markup =>
  element(
    "p",
    { class: "line" },
    `${side}: `,
    element("code", {}, `${task}.${output}`),
    ", artefact ",
    element("code", {}, artefact),
    ", key ",
    element("code", {}, key),
  )

const originEntry = (side: string, origin: Origin): Markup => {
  const { artefact, key, task, output, stage, version, environment, inputs } = origin
  const machine = Object.entries(environment).map(([name, value]) => `${name} ${value}`)
  const facts: ReadonlyArray<readonly [string, Markup | string]> = [
    [side, element("code", {}, `${task}.${output}`)],
    ["artefact", element("code", {}, artefact)],
    ["key", element("code", {}, key)],
    ["versions", [`${stage} version ${version}`, ...machine].join(", ")],
    ["command", element("code", {}, `diva-pipeline runs show --task ${quoted(task)}`)],
  ]
  return element(
    "div",
    {},
    element(
      "dl",
      {},
      ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    ),
    element(
      "details",
      {},
      element("summary", {}, "Its input"),
      element(
        "dl",
        {},
        ...Object.entries(inputs).flatMap(([name, value]) => [
          element("dt", {}, name),
          element("dd", {}, element("code", {}, value)),
        ]),
      ),
    ),
  )
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
