import { readFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { type Static, Type } from "typebox"
import { Value } from "typebox/value"
import type { Origin } from "./cells.ts"
import { recordName } from "./records.ts"
import type { Report } from "./report.ts"

/** Beside a report's records: where each of them comes from, as far as it is known. */
export const ORIGINS = "origins.json"

const texts = Type.Record(Type.String(), Type.String())
const OriginsFile = Type.Record(
  Type.String(),
  Type.Object({
    artefact: Type.String(),
    task: Type.String(),
    output: Type.String(),
    key: Type.String(),
    stage: Type.String(),
    version: Type.Number(),
    environment: texts,
    inputs: texts,
  }),
)

/** The text of `origins.json`. */
export const originsText = (records: Report["records"]): string => {
  const entries = (["before", "after"] as const).flatMap((side) =>
    records[side].flatMap(
      ({ origin }, index): ReadonlyArray<readonly [string, Origin]> =>
        origin === undefined ? [] : [[recordName(side, index), origin]],
    ),
  )
  return `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`
}

/** Where a record of a report comes from; undefined where nothing tells. */
export const readOrigin = async (record: string): Promise<Origin | undefined> =>
  (await originsBeside(dirname(record)))[basename(record)]

const originsBeside = async (folder: string): Promise<Static<typeof OriginsFile>> => {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, ORIGINS), "utf8"))
    return Value.Check(OriginsFile, value) ? value : {}
  } catch {
    return {}
  }
}
