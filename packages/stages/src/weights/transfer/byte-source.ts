import { createReadStream } from "node:fs"
import { realpath } from "node:fs/promises"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { Dispatcher } from "undici"
import { faultOf, openResponse, readBody, TransferFault, type TransferResponse } from "../../network/index.ts"
import { PACKAGE_SCHEME } from "../packaged.ts"
import type { ByteRange } from "./ranges.ts"

/** One response: some of a file's bytes, or all of them. */
export interface Part {
  /** Where its first byte belongs. */
  readonly start: number
  /** Whether it is the file from its beginning to its end, and not the part that was asked for. */
  readonly isWhole: boolean
  /** Bytes of the whole file, where the source says so. */
  readonly total: number | undefined
  /** How the source names this version of the file. */
  readonly validator: string | undefined
  /** Reads it, and fails when it is longer than `limit` bytes. */
  readonly read: (
    limit: number,
    use: (piece: Uint8Array) => Promise<void>,
  ) => Effect.Effect<number, TransferFault>
}

/** Where the bytes of one file come from. */
export interface ByteSource {
  /** What it is called in the record of a partial file. */
  readonly name: string
  /**
   * Asks for a part, or for the whole file.
   *
   * @param validator the version that the part must be of; for another one the source sends the whole
   */
  readonly open: (
    range: ByteRange | undefined,
    validator: string | undefined,
  ) => Effect.Effect<Part, TransferFault, Scope.Scope>
}

/** What requests need. */
export interface WebSettings {
  readonly agent: Dispatcher
  /** Milliseconds without news from a server. */
  readonly timeout: number
  /** Sent to the address's own server, and to none that it redirects to. */
  readonly headers: Readonly<Record<string, string>>
}

/** A file that a server has. */
export const webSource = (address: string, { agent, timeout, headers }: WebSettings): ByteSource => ({
  name: address,
  open: Effect.fnUntraced(function* (range, validator) {
    if (!URL.canParse(address)) return yield* refused("its address is no URL")
    const response = yield* openResponse(agent, {
      url: new URL(address),
      headers: {
        ...headers,
        "user-agent": USER_AGENT,
        "accept-encoding": "identity",
        ...(range !== undefined && {
          range: `bytes=${range[0]}-${range[1] - 1}`,
          ...(validator !== undefined && { "if-range": validator }),
        }),
      },
      timeout,
    })
    const read: Part["read"] = (limit, use) => readBody(response, limit, use)
    const common = { validator: validatorOf(response), read }
    if (response.status !== 206) return { ...common, start: 0, isWhole: true, total: lengthOf(response) }
    const sent = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.header("content-range")[0] ?? "")
    const [start, end, total] = sent?.slice(1).map(Number) ?? []
    if (start === undefined || end === undefined || start !== range?.[0] || end >= range[1])
      return yield* refused("the server sent another part than it was asked for")
    return {
      ...common,
      start,
      isWhole: false,
      total: total === undefined || Number.isNaN(total) ? undefined : total,
    }
  }),
})

/** How servers see us. */
export const USER_AGENT = "diva-pipeline/0.1"

/** A strong ETag, or else the time of the last change, names a version; weak ETags don't. */
const validatorOf = (response: TransferResponse): string | undefined => {
  const etag = response.header("etag")[0]
  return etag?.startsWith('"') ? etag : response.header("last-modified")[0]
}

const lengthOf = (response: TransferResponse): number | undefined => {
  const length = response.header("content-length")[0]
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

const refused = (message: string): TransferFault =>
  new TransferFault({ kind: "refused", message, transient: false })

/** A file of this machine (`file:`), or one that comes with the package. */
export const localSource = (address: string, models: string): ByteSource => ({
  name: address,
  open: () =>
    Effect.tryPromise({
      try: async (): Promise<Part> => {
        const body = createReadStream(await localPath(address, models), { highWaterMark: 1 << 20 })
        const read: Part["read"] = (limit, use) => readBody({ header: () => [], body }, limit, use)
        return { start: 0, isWhole: true, total: undefined, validator: undefined, read }
      },
      catch: faultOf,
    }),
})

const localPath = async (address: string, models: string): Promise<string> => {
  if (address.startsWith("file:")) return fileURLToPath(address)
  const path = await realpath(join(models, address.slice(PACKAGE_SCHEME.length)))
  if (!path.startsWith(`${await realpath(models)}${sep}`)) throw new Error("it is outside the package")
  return path
}
