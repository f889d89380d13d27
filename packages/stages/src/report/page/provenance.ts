import type { Cell, Origin } from "../cells.ts"
import { element, type Markup } from "./markup.ts"

/** Where each cell of the tables and figures comes from: what its numbers link to. */
export const provenance = (cells: ReadonlyArray<Cell>): ReadonlyArray<Markup> => cells.map(cellOrigin)

const cellOrigin = ({ id, name, origins, runs }: Cell): Markup =>
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
                `The metrics ${side} were given as files, not made by this pipeline.`,
              ),
            ]
          : origins[side].map((origin) => originEntry(side, origin)),
    ),
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
