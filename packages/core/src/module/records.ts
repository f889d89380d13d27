import { createHash, randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, isAbsolute, join } from "node:path"
import { Effect, Schema } from "effect"
import { StageUnusable } from "../stage/index.ts"
import { digestOf } from "../store/index.ts"
import { Definition } from "./definition.ts"

/** Raised when modules are bundled or described otherwise than before. */
const FORMAT = 1

/** What is known of a module, as long as its files are what they were. */
export const ModuleRecord = Schema.Struct({
  /** The files that it was made from, with the digests of their content. */
  inputs: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  packages: Schema.Array(Schema.String),
  /** The bundle. */
  file: Schema.String,
  digest: Schema.String,
  source: Schema.String,
  /** Nothing where only the code was asked for. */
  definitions: Schema.Array(Definition),
})
export type ModuleRecord = typeof ModuleRecord.Type

const parseRecord = Schema.decodeUnknownOption(Schema.fromJsonString(ModuleRecord))

/** Where bundles and what is known of them are kept, unless the program says otherwise. */
export const modulesFolder = (): string => {
  const { XDG_CACHE_HOME: cache } = process.env
  const folder = cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), ".cache")
  return join(folder, "diva-pipeline", "stages")
}

/** SHA-256 of a file's bytes, in hexadecimal; nothing for what can't be read. */
export const fileDigest = (file: string): string => {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex")
  } catch {
    return ""
  }
}

const recordFile = (folder: string, identity: ReadonlyArray<string>): string =>
  join(folder, `${digestOf([FORMAT, ...identity])}.json`)

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

/** What is known of a module; undefined when it is unknown, or one of its files has changed. */
export const readModule = (folder: string, identity: ReadonlyArray<string>): ModuleRecord | undefined => {
  const record = parseRecord(textOf(recordFile(folder, identity)))
  if (record._tag === "None") return undefined
  const { inputs, packages, file } = record.value
  const isCurrent = inputs.every(([path, digest]) => fileDigest(path) === digest)
  return isCurrent && [file, ...packages].every(existsSync) ? record.value : undefined
}

const writeWhole = (file: string, text: string): void => {
  const temporary = `${file}.${randomUUID()}`
  writeFileSync(temporary, text)
  renameSync(temporary, file)
}

const writing = (folder: string, write: () => void): Effect.Effect<void, StageUnusable> =>
  Effect.try({
    try: () => {
      mkdirSync(folder, { recursive: true })
      write()
    },
    catch: (error) =>
      new StageUnusable({
        message: `its code can't be kept in ${folder}: ${error instanceof Error ? error.message : String(error)}`,
        hint: "XDG_CACHE_HOME names another folder",
      }),
  })

/** Writes a bundle; gives its path, which its content names. */
export const writeBundle = (folder: string, code: string): Effect.Effect<string, StageUnusable> => {
  const file = join(folder, `${digestOf(code)}.mjs`)
  return Effect.as(
    writing(dirname(file), () => writeWhole(file, code)),
    file,
  )
}

/** Keeps what is known of a module. */
export const writeModule = (
  folder: string,
  identity: ReadonlyArray<string>,
  record: ModuleRecord,
): Effect.Effect<void, StageUnusable> =>
  writing(folder, () => writeWhole(recordFile(folder, identity), JSON.stringify(record)))
