import { existsSync, readFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import { type Disk, onDisk, writeDurably } from "./disk.ts"
import type { Layout } from "./layout.ts"
import { errorCode, StoreError, storeError } from "./store-error.ts"

/** Raised when a program of the former format could not read what this one writes. */
const FORMAT = 3

const Format = Schema.Struct({ format: Schema.Number })
const parseFormat = Schema.decodeUnknownSync(Schema.fromJsonString(Format))

const refused = (layout: Layout, message: string, hint: string): StoreError =>
  new StoreError({ message: `the store ${layout.root} ${message}`, hint, path: layout.format, code: "" })

/** The format that a store says it has; stores of the first format said nothing, and new ones have nothing to say. */
const formatOf = (layout: Layout): number | undefined => {
  let text: string
  try {
    text = readFileSync(layout.format, "utf8")
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw storeError("read", layout.format)(cause)
    return existsSync(layout.keys) ? 1 : undefined
  }
  try {
    return parseFormat(text).format
  } catch {
    const hint = `write {"format":${FORMAT}} into store.json if this program made the store, or choose another with --store`
    throw refused(layout, "cannot be told: its store.json is damaged", hint)
  }
}

/** Refuses a store that another version of the program has made in another way. Writes nothing. */
export const checkFormat = (layout: Layout): Effect.Effect<void, StoreError> =>
  Effect.try({
    try: () => {
      const format = formatOf(layout) ?? FORMAT
      const other = `has format ${format}, and this program reads ${FORMAT}`
      if (format > FORMAT) {
        throw refused(layout, other, "use the newer program, or choose another store with --store")
      }
      if (format < FORMAT) {
        throw refused(layout, other, "remove it, or choose another with --store: its results are made anew")
      }
    },
    catch: (cause) => (cause instanceof StoreError ? cause : storeError("read", layout.format)(cause)),
  })

/** Makes the store's folder say its format, before anything else is in it. */
export const markFormat = (disk: Disk, layout: Layout): Effect.Effect<void, StoreError> =>
  existsSync(layout.format)
    ? Effect.void
    : Effect.andThen(
        onDisk("create", layout.root, () => disk.makeFolder(layout.root)),
        writeDurably(disk, layout.format, `${JSON.stringify({ format: FORMAT })}\n`),
      )
