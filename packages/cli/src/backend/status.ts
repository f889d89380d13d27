import { join } from "node:path"
import {
  expectedBackend,
  type NativeManifest,
  nativeBackendFolder,
  readNativeManifest,
} from "@diva-pipeline/stages"
import { Effect, FileSystem } from "effect"
import { digestFile } from "./digest.ts"

/** What is known of the tensor backends on this machine. */
export interface BackendStatus {
  /** What tensor stages will use. */
  readonly backend: string
  readonly native: {
    readonly installed: boolean
    readonly folder: string
    /** Bytes on disk. */
    readonly size: number
    /** Files that are missing or not as installed. */
    readonly damaged: ReadonlyArray<string>
  }
}

const damagedFiles = Effect.fnUntraced(function* (manifest: NativeManifest, folder: string, full: boolean) {
  const fs = yield* FileSystem.FileSystem
  const damaged: Array<string> = []
  for (const [path, expected] of Object.entries(manifest.files)) {
    const file = join(folder, path)
    const actual = full
      ? yield* digestFile(file).pipe(Effect.catch(() => Effect.succeed({ size: -1, sha256: "" })))
      : yield* fs.stat(file).pipe(
          Effect.map((info) => ({ size: Number(info.size), sha256: expected.sha256 })),
          Effect.catch(() => Effect.succeed({ size: -1, sha256: "" })),
        )
    if (actual.size !== expected.size || actual.sha256 !== expected.sha256) damaged.push(path)
  }
  return damaged
})

/**
 * The state of the tensor backends.
 *
 * @param full compare the digests of all files, not only their sizes
 */
export const backendStatus = Effect.fn("backendStatus")(function* (full: boolean) {
  const folder = nativeBackendFolder()
  const manifest = readNativeManifest()
  const status: BackendStatus = {
    backend: expectedBackend(),
    native: {
      installed: manifest !== undefined,
      folder,
      size: Object.values(manifest?.files ?? {}).reduce((sum, file) => sum + file.size, 0),
      damaged: manifest === undefined ? [] : yield* damagedFiles(manifest, folder, full),
    },
  }
  return status
})
