import type { AnyStage } from "@diva-pipeline/core"
import { defaultWords, typeWords } from "./type-words.ts"

/** A cell of a Markdown table. */
const cell = (text: string): string =>
  text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ")

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.map(cell).join(" | ")} |`

/** The inputs and outputs of a stage as two Markdown tables. */
export const stageTables = (stage: AnyStage): string => {
  const required = new Set<string>(stage.input.required ?? [])
  const inputs = Object.entries(stage.input.properties).map(([name, property]) => {
    const schema: Readonly<Record<string, unknown>> = { ...property }
    const meaning = typeof schema.description === "string" ? schema.description : ""
    return row(`\`${name}\``, typeWords(schema), defaultWords(schema, required.has(name)), meaning)
  })
  const outputs = Object.entries(stage.outputs).map(([name, { kind, file, description }]) =>
    row(`\`${name}\``, kind, file ?? "a folder", description),
  )
  return [
    "| input | type | | meaning |",
    "|---|---|---|---|",
    ...inputs,
    "",
    "| output | kind | file | holds |",
    "|---|---|---|---|",
    ...outputs,
  ].join("\n")
}

const MARKED = /(<!-- tables of (\S+) -->\n)[\s\S]*?(<!-- end -->)/g

/** The stages whose tables a document has a place for. */
export const documentedStages = (document: string): ReadonlyArray<string> =>
  [...document.matchAll(MARKED)].flatMap(([, , name]) => name ?? [])

/** A document with the tables of the stages between its marks; marks of no stage stay empty. */
export const fillTables = (document: string, stages: ReadonlyArray<AnyStage>): string =>
  document.replaceAll(MARKED, (_, begin: string, name: string, end: string) => {
    const stage = stages.find((candidate) => candidate.name === name)
    return `${begin}${stage === undefined ? "" : `${stageTables(stage)}\n`}${end}`
  })
