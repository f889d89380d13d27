import { Duration, Effect, type Scope } from "effect"
import { collectBody, makeAgent, openResponse, retryTransfer, TransferFault } from "../../network/index.ts"
import { downloadFault, type ImageFault, ofTransfer } from "./image-fault.ts"
import { readLocalFile } from "./local-file.ts"
import type { DownloadOptions } from "./options.ts"
import { isDisallowed } from "./robots.ts"

/** Gets the bytes behind one address. */
export type Downloader = (url: string) => Effect.Effect<Uint8Array, ImageFault>

/** How patiently failed downloads are tried again, in milliseconds. */
export interface DownloadPatience {
  readonly delay: number
  readonly longest: number
}

/** Bytes of one image as downloaded. */
const LARGEST_BODY = 64 * 1024 * 1024
/** Connections to one server at a time. */
const CONNECTIONS = 32
/** A server that keeps sending a little gets this many timeouts in all. */
const PATIENCE = 12

const DEFAULT_PATIENCE: DownloadPatience = { delay: 500, longest: 30_000 }

const USER_AGENT = "diva-pipeline/0.1"

/**
 * A downloader of http, https and file addresses and of paths relative to `folder`. It holds connections, which close
 * with the scope.
 */
export const makeDownloader = Effect.fnUntraced(function* (
  folder: string,
  options: DownloadOptions,
  patience: DownloadPatience = DEFAULT_PATIENCE,
): Effect.fn.Return<Downloader, never, Scope.Scope> {
  const timeout = options.timeout * 1000
  const agent = yield* makeAgent({ connections: CONNECTIONS, connectTimeout: timeout })
  const { userAgentToken: token, disallowedHeaderDirectives: directives } = options
  const headers = {
    "user-agent": token === undefined ? USER_AGENT : `${USER_AGENT} (compatible; ${token})`,
    accept: "image/*,*/*;q=0.8",
    "accept-encoding": "identity",
  }

  const attempt = Effect.fnUntraced(function* (url: URL) {
    const response = yield* openResponse(agent, { url, headers, timeout })
    if (isDisallowed(response.header("x-robots-tag"), directives, token)) return "disallowed" as const
    return yield* collectBody(response, LARGEST_BODY)
  })
  const transfer = (url: URL): Effect.Effect<Uint8Array, ImageFault> =>
    attempt(url).pipe(
      Effect.scoped,
      Effect.timeoutOrElse({ duration: Duration.millis(timeout * PATIENCE), orElse: () => tooSlow }),
      retryTransfer({ times: options.retries, ...patience }),
      Effect.mapError(ofTransfer),
      Effect.flatMap((result) => (result === "disallowed" ? disallowed : Effect.succeed(result))),
    )

  return (url) => {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
    if (scheme === undefined || scheme === "file")
      return url === ""
        ? Effect.fail(downloadFault("unknown url type: ''"))
        : readLocalFile(url, { folder, allowFiles: options.allowFiles, limit: LARGEST_BODY })
    if (scheme !== "http" && scheme !== "https")
      return Effect.fail(downloadFault(`<urlopen error unknown url type: ${scheme}>`))
    return URL.canParse(url)
      ? transfer(new URL(url))
      : Effect.fail(downloadFault("<urlopen error the address is not valid>"))
  }
})

const disallowed = Effect.fail(downloadFault("Use of image disallowed by X-Robots-Tag directive"))

const tooSlow = Effect.fail(
  new TransferFault({ kind: "timeout", message: "the transfer took too long", transient: true }),
)
