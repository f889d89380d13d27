import { createReadStream } from "node:fs"
import { realpath } from "node:fs/promises"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { Dispatcher } from "undici"
import { faultOf, openResponse, readBody, TransferFault, type TransferResponse } from "../network/index.ts"
import { PACKAGE_SCHEME } from "./packaged.ts"
import type { PartialFile } from "./partial-file.ts"
import type { WeightFile } from "./resolve.ts"

/** Bytes of one file where its size isn't known. */
const LARGEST_FILE = 64 * 1024 ** 3

const HUB = "https://huggingface.co"

/** What a transfer needs of its surroundings. */
export interface TransferSettings {
  readonly agent: Dispatcher
  /** Milliseconds without news from a server. */
  readonly timeout: number
  /** A Hugging Face token; it goes to huggingface.co only. */
  readonly token: string | undefined
  /** The folder of the models that come with the package. */
  readonly models: string
  /** Told how many bytes of the file are here, and how many there are in all where that is known. */
  readonly onProgress: (done: number, total: number | undefined) => void
}

/**
 * Gets one file from one mirror, continuing where an earlier attempt ended, and checks its size and digest on the way.
 * What doesn't match is thrown away.
 */
export const transferFile = Effect.fnUntraced(function* (
  file: WeightFile,
  mirror: string,
  target: PartialFile,
  settings: TransferSettings,
): Effect.fn.Return<void, TransferFault> {
  const digest = yield* Effect.scoped(
    /^https?:/i.test(mirror)
      ? download(file, mirror, target, settings)
      : copy(file, mirror, target, settings),
  )
  if (digest.sha256 !== file.sha256) {
    yield* Effect.promise(() => target.discard())
    return yield* new TransferFault({
      kind: "refused",
      message: `its sha256 is ${digest.sha256}, and should be ${file.sha256}`,
      // A part of another version may have stood before what came now.
      transient: digest.isContinued,
    })
  }
  yield* Effect.promise(() => target.finish())
})

interface Digest {
  readonly sha256: string
  readonly isContinued: boolean
}

const download = Effect.fnUntraced(function* (
  file: WeightFile,
  mirror: string,
  target: PartialFile,
  settings: TransferSettings,
): Effect.fn.Return<Digest, TransferFault, Scope.Scope> {
  const { agent, timeout, token, onProgress } = settings
  const limit = file.size ?? LARGEST_FILE
  const found = yield* Effect.promise(() => target.progress(mirror))
  const part = found !== undefined && found.bytes < limit ? found : undefined
  const headers = {
    "user-agent": "diva-pipeline/0.1",
    "accept-encoding": "identity",
    ...(part !== undefined && { range: `bytes=${part.bytes}-`, "if-range": part.validator }),
    ...(token !== undefined && mirror.startsWith(`${HUB}/`) && { authorization: `Bearer ${token}` }),
  }
  const response = yield* openResponse(agent, { url: new URL(mirror), headers, timeout }).pipe(
    // The part here is no part of what the server has now: without it, the next attempt gets the whole.
    Effect.tapError((fault) =>
      fault.status?.code === 416 ? Effect.promise(() => target.discard()) : Effect.void,
    ),
    Effect.mapError((fault) => (fault.status?.code === 416 ? retriable(fault) : fault)),
  )
  const range = contentRange(response)
  const isContinued = part !== undefined && response.status === 206 && range?.start === part.bytes
  if (response.status === 206 && !isContinued) {
    yield* Effect.promise(() => target.discard())
    return yield* retriable(
      new TransferFault({ kind: "refused", message: "the server sent another part", transient: true }),
    )
  }
  const start = isContinued ? part.bytes : 0
  const length = Number(response.header("content-length")[0] ?? Number.NaN)
  const total = file.size ?? (Number.isNaN(length) ? undefined : start + length)
  const { handle, hash } = yield* Effect.acquireRelease(
    Effect.promise(() => (isContinued ? target.continue() : target.begin(originOf(mirror, response)))),
    ({ handle }) => Effect.promise(() => handle.close()),
  )
  let done = start
  const received = yield* readBody(response, limit - start, async (piece) => {
    hash.update(piece)
    await handle.write(piece)
    done += piece.length
    onProgress(done, total)
  })
  yield* checkSize(file, start + received, target)
  return { sha256: hash.digest("hex"), isContinued }
})

const retriable = (fault: TransferFault): TransferFault => new TransferFault({ ...fault, transient: true })

const checkSize = (
  file: WeightFile,
  size: number,
  target: PartialFile,
): Effect.Effect<void, TransferFault> =>
  file.size === null || file.size === size
    ? Effect.void
    : Effect.andThen(
        Effect.promise(() => target.discard()),
        Effect.fail(
          new TransferFault({
            kind: "refused",
            message: `it has ${size} bytes, and should have ${file.size}`,
            transient: false,
          }),
        ),
      )

/** A strong ETag, or else the time of the last change, names a version; weak ETags don't. */
const originOf = (url: string, response: TransferResponse) => {
  const etag = response.header("etag")[0]
  const validator = etag?.startsWith('"') ? etag : response.header("last-modified")[0]
  return validator === undefined ? undefined : { url, validator }
}

const contentRange = (response: TransferResponse): { readonly start: number } | undefined => {
  const match = /^bytes (\d+)-/.exec(response.header("content-range")[0] ?? "")
  return match?.[1] === undefined ? undefined : { start: Number(match[1]) }
}

const copy = (
  file: WeightFile,
  mirror: string,
  target: PartialFile,
  { models, onProgress }: TransferSettings,
): Effect.Effect<Digest, TransferFault> =>
  Effect.tryPromise({
    try: async () => {
      const { handle, hash } = await target.begin(undefined)
      try {
        let done = 0
        for await (const piece of createReadStream(await localPath(mirror, models))) {
          if (!(piece instanceof Uint8Array)) throw new TypeError("the file is not made of bytes")
          hash.update(piece)
          await handle.write(piece)
          done += piece.length
          onProgress(done, file.size ?? undefined)
        }
        return { sha256: hash.digest("hex"), isContinued: false }
      } finally {
        await handle.close()
      }
    },
    catch: faultOf,
  })

const localPath = async (mirror: string, models: string): Promise<string> => {
  if (mirror.startsWith("file:")) return fileURLToPath(mirror)
  if (!mirror.startsWith(PACKAGE_SCHEME)) throw new Error("its address is neither https:, http: nor file:")
  const path = await realpath(join(models, mirror.slice(PACKAGE_SCHEME.length)))
  if (!path.startsWith(`${await realpath(models)}${sep}`)) throw new Error("it is outside the package")
  return path
}
