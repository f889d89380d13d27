import { nativeBackendFolder, readNativeManifest } from "@diva-pipeline/stages"
import { Console, Effect, FileSystem } from "effect"
import { type BackendStatus, backendStatus, installNativeBackend } from "../backend/index.ts"
import { CommandFailed } from "../command-failed.ts"
import { formatBytes } from "../terminal/index.ts"

const describe = (status: BackendStatus): ReadonlyArray<string> => {
  const { native } = status
  const lines = [`backend in use   ${status.backend}`]
  if (!native.installed) {
    return [...lines, "native backend   not installed (`diva-pipeline backend install` installs it)"]
  }
  lines.push(`native backend   installed, ${formatBytes(native.size)}`, `folder           ${native.folder}`)
  if (native.damaged.length > 0) lines.push(`damaged          ${native.damaged.join(", ")}`)
  return lines
}

/** `diva-pipeline backend status`: what tensor stages run on, and whether its files are whole. */
export const status = Effect.fn("backend status")(function* (options: { json: boolean; verify: boolean }) {
  const found = yield* backendStatus(options.verify)
  yield* Console.log(options.json ? JSON.stringify(found, null, 2) : describe(found).join("\n"))
  if (found.native.damaged.length > 0) {
    return yield* new CommandFailed({
      message: "the native backend is damaged",
      hint: "install it again with `diva-pipeline backend install`",
    })
  }
})

/**
 * `diva-pipeline backend install`: the native TensorFlow backend into the user's cache folder.
 *
 * @param options.ifMissing leave an installed backend alone, and only say so in one line when none can be had
 */
export const install = Effect.fn("backend install")(function* (options: { ifMissing: boolean }) {
  if (options.ifMissing && readNativeManifest() !== undefined) return
  const say = (line: string) => Console.error(`native backend: ${line}`)
  const installed = installNativeBackend(say).pipe(
    Effect.andThen(Console.error(`native backend: installed in ${nativeBackendFolder()}`)),
  )
  if (options.ifMissing) {
    return yield* installed.pipe(
      Effect.catchTag("BackendUnavailable", (error) =>
        Console.error(`native backend: not available (${error.message}); the slower wasm backend is used`),
      ),
    )
  }
  return yield* installed.pipe(
    Effect.catchTag("BackendUnavailable", (error) =>
      Effect.fail(
        new CommandFailed({
          message: error.message,
          hint: "it needs Python's pip, a C++ compiler and PyPI; without it, the wasm backend is used",
        }),
      ),
    ),
  )
})

/** `diva-pipeline backend remove`: frees the native backend's space. */
export const remove = Effect.fn("backend remove")(function* () {
  const fs = yield* FileSystem.FileSystem
  const folder = nativeBackendFolder()
  if (!(yield* fs.exists(folder))) return yield* Console.log("no native backend is installed")
  yield* fs.remove(folder, { recursive: true })
  yield* Console.log(`removed ${folder}`)
})
