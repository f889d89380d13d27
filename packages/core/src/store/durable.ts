import { randomBytes } from "node:crypto"
import { dirname } from "node:path"
import { Effect, type FileSystem } from "effect"
import { type StoreError, storeError } from "./store-error.ts"

/** A name that no other process chooses. */
export const uniqueName = (): string => randomBytes(8).toString("hex")

/** Makes what a folder lists survive a power failure. */
export const syncFolder = (fs: FileSystem.FileSystem, path: string): Effect.Effect<void, StoreError> =>
  Effect.scoped(Effect.flatMap(fs.open(path, { flag: "r" }), (folder) => folder.sync)).pipe(
    Effect.mapError(storeError("flush", path)),
  )

/** Makes a folder, and those above it, unless they exist. */
export const makeFolder = (fs: FileSystem.FileSystem, path: string): Effect.Effect<void, StoreError> =>
  fs.makeDirectory(path, { recursive: true }).pipe(Effect.mapError(storeError("create", path)))

/** Writes a file that others see whole or not at all; `durable` also makes it survive a power failure. */
export const writeAtomically = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  path: string,
  text: string,
  options: { readonly durable: boolean },
): Effect.fn.Return<void, StoreError> {
  const partial = `${path}.${uniqueName()}.partial`
  yield* makeFolder(fs, dirname(path))
  const write = Effect.gen(function* () {
    const file = yield* fs.open(partial, { flag: "wx" })
    yield* file.writeAll(Buffer.from(text))
    if (options.durable) yield* file.sync
  })
  yield* Effect.scoped(write).pipe(
    Effect.andThen(fs.rename(partial, path)),
    Effect.mapError(storeError("write", path)),
    Effect.onError(() => Effect.ignore(fs.remove(partial, { force: true }))),
  )
  if (options.durable) yield* syncFolder(fs, dirname(path))
})

/** Removes a file or folder with all that is in it; nothing there is fine. */
export const remove = (fs: FileSystem.FileSystem, path: string): Effect.Effect<void, StoreError> =>
  fs.remove(path, { recursive: true, force: true }).pipe(Effect.mapError(storeError("remove", path)))
