import { createHash } from "node:crypto"
import { Effect, FileSystem, Stream } from "effect"

/** The size in bytes and the sha256 of a file, read as a stream. */
export const digestFile = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const hash = createHash("sha256")
  let size = 0
  yield* fs.stream(file, { chunkSize: 1 << 20 }).pipe(
    Stream.runForEach((chunk) =>
      Effect.sync(() => {
        hash.update(chunk)
        size += chunk.length
      }),
    ),
  )
  return { size, sha256: hash.digest("hex") }
})
