import { Effect, Result, Schema } from "effect"
import { faultOf, retryTransfer, TransferFault, type TransferRetry } from "../../network/index.ts"
import { type HubRevision, isCommit } from "./address.ts"
import { cachedSnapshot } from "./cache.ts"
import { hubFetch, type Wire } from "./wire.ts"

/** What the hub says of a file: its size, and what its content must be. */
export interface HubFile {
  readonly path: string
  readonly size: number | undefined
  /** Of files in Git LFS or Xet: those of more than some megabytes, and all that are binary. */
  readonly sha256: string | undefined
  /** Of all others, and then the name of their blob in the cache. */
  readonly gitSha1: string | undefined
  readonly isXet: boolean
}

/** The files of a repository at one commit. */
export interface HubSnapshot extends HubRevision {
  readonly commit: string
  readonly files: ReadonlyMap<string, HubFile>
  /** Whether the hub said so now, and not the cache. */
  readonly isFresh: boolean
}

const Sha256 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
const Size = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Entry = Schema.Struct({
  path: Schema.String,
  size: Size,
  oid: Schema.optional(Schema.String),
  lfs: Schema.optional(Schema.Struct({ oid: Sha256, size: Size })),
  xetHash: Schema.optional(Schema.NullOr(Schema.String)),
})
const decodeEntry = Schema.decodeUnknownEffect(Entry)
const decodeCommit = Schema.decodeUnknownEffect(
  Schema.Struct({ sha: Schema.String.check(Schema.isPattern(/^[0-9a-f]{40}$/)) }),
)

/**
 * Finds out which commit a revision is, and what files it has: of the hub, or offline of the cache. Where the hub can't
 * be reached, what the cache knows of the revision counts, as it does for Python's library.
 */
export const openSnapshot = Effect.fnUntraced(function* (
  asked: HubRevision,
  wire: Wire,
  retry: TransferRetry,
  log: (level: "info" | "warning", message: string) => void,
): Effect.fn.Return<HubSnapshot, TransferFault> {
  const cached = Effect.promise(() => cachedSnapshot(wire.hub.cache, asked))
  if (wire.hub.isOffline) return (yield* cached) ?? (yield* notCached(asked))
  const fresh = yield* Effect.result(freshSnapshot(asked, wire, retry))
  if (Result.isSuccess(fresh)) return fresh.success
  const fault = fresh.failure
  const known = fault.transient || fault.kind === "unreachable" ? yield* cached : undefined
  if (known === undefined) return yield* fault
  const revision = `revision ${asked.revision} of ${asked.repository}`
  log("warning", `${fault.message}: ${revision} is taken to be what the cache knows, ${known.commit}`)
  return known
})

const freshSnapshot = Effect.fnUntraced(function* (
  asked: HubRevision,
  wire: Wire,
  retry: TransferRetry,
): Effect.fn.Return<HubSnapshot, TransferFault> {
  const { repository, revision } = asked
  // Loaded when it is needed: most weights of small pipelines come with the package.
  const { datasetInfo, listFiles, modelInfo } = yield* Effect.promise(() => import("@huggingface/hub"))
  const call = { hubUrl: wire.hub.endpoint, fetch: hubFetch(wire) }
  const ask = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: faultOfCall }).pipe(
      Effect.mapError((fault) => explained(fault, asked)),
      retryTransfer(retry),
    )
  const info = { ...call, revision, additionalFields: ["sha" as const] }
  const describe = () =>
    repository.startsWith("datasets/")
      ? datasetInfo({ ...info, name: repository.slice("datasets/".length) })
      : modelInfo({ ...info, name: repository })
  const commit = isCommit(revision)
    ? revision
    : (yield* ask<unknown>(describe).pipe(
        Effect.flatMap((found) => Effect.mapError(decodeCommit(found), misunderstood)),
      )).sha
  const entries = yield* ask(() =>
    allOf(listFiles({ ...call, repo: repository, recursive: true, revision: commit })),
  )
  const files = yield* Effect.forEach(
    entries.filter(({ type }) => type === "file"),
    (entry) => decodeEntry(entry).pipe(Effect.mapError(misunderstood)),
  )
  return {
    ...asked,
    commit,
    isFresh: true,
    files: new Map(files.map((file) => [file.path, hubFile(file)])),
  }
})

const allOf = async <A>(generator: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const one of generator) all.push(one)
  return all
}

const hubFile = ({ path, size, oid, lfs, xetHash }: typeof Entry.Type): HubFile => ({
  path,
  size: lfs?.size ?? size,
  sha256: lfs?.oid,
  gitSha1: lfs === undefined && oid !== undefined && isCommit(oid) ? oid : undefined,
  isXet: lfs !== undefined && typeof xetHash === "string",
})

const misunderstood = (): TransferFault =>
  new TransferFault({
    kind: "refused",
    message: "the server's answer is not one of Hugging Face's hub",
    transient: false,
  })

/** What the library itself fails with, it fails with because it can't read the answer. */
const faultOfCall = (cause: unknown): TransferFault => {
  const fault = faultOf(cause)
  return cause instanceof TransferFault || fault.kind !== "refused" ? fault : misunderstood()
}

const notCached = ({ repository, revision }: HubRevision): TransferFault =>
  new TransferFault({
    kind: "refused",
    message: `HF_HUB_OFFLINE is set, and the cache has no revision ${revision} of ${repository}`,
    transient: false,
    code: "OFFLINE",
  })

/** What the hub means by its errors, in words. */
const explained = (fault: TransferFault, { repository, revision }: HubRevision): TransferFault => {
  const message = meaningOf(fault, repository, revision)
  return message === undefined ? fault : new TransferFault({ ...fault, message })
}

const meaningOf = (
  { errorCode, status, message }: TransferFault,
  repository: string,
  revision: string,
): string | undefined => {
  switch (errorCode) {
    case "RevisionNotFound":
      return `${repository} has no revision ${revision}`
    case "GatedRepo":
      return `${repository} is gated (${message})`
    case "RepoNotFound":
      return `there is no repository ${repository}, or it is private (${message})`
    default:
      return status?.code === 401 || status?.code === 404
        ? `there is no repository ${repository} with a revision ${revision}, or it is private (${message})`
        : undefined
  }
}
