import { createHash } from "node:crypto"
import { stat } from "node:fs/promises"
import { join } from "node:path"
import type { StageContext, StageFailure } from "@diva-pipeline/core"
import { Effect, Result } from "effect"
import { faultOf, maskAddress, TransferFault, type TransferRetry } from "../network/index.ts"
import { type FaultAt, localFailure, noSource } from "./failures.ts"
import { relinkFile, shareFile } from "./hub/cache.ts"
import type { WeightFile } from "./resolve.ts"
import type { Suppliers, Supply } from "./supply.ts"
import { type CheckedContent, checkContent, type ExpectedContent } from "./transfer/digest.ts"
import { transferFile } from "./transfer/transfer-file.ts"

/** What the files of one checkpoint share. */
export interface FileJob {
  readonly suppliers: Suppliers
  /** What the cache may have of an address without anybody being asked. */
  readonly cached: (file: WeightFile, address: string) => Effect.Effect<Supply | undefined>
  /** A folder that survives failed attempts. */
  readonly checkpoint: string
  /** The cache that is shared with Python. */
  readonly cache: string
  readonly retry: TransferRetry
  /** The hub's address, as it may be shown. */
  readonly endpoint: string
  readonly isOffline: boolean
  readonly hasToken: boolean
  readonly log: StageContext["log"]
  /** Bytes of one request, where it isn't the usual. */
  readonly piece: number | undefined
}

/** A checked file on this machine, and where it is from. */
export interface FoundFile {
  readonly file: WeightFile
  readonly supply: Supply
  readonly place: string
  readonly content: CheckedContent
  /** Whether the file is in the cache that others use, too. */
  readonly isShared: boolean
}

/** A file of which it is known where it can be had, and whether it is here already. */
export interface LocatedFile {
  readonly file: WeightFile
  readonly supply: Supply
  /** Bytes, where they are known. */
  readonly size: number | undefined
  readonly found: FoundFile | undefined
  /** What was wrong with better addresses, and those that are left. */
  readonly faults: ReadonlyArray<FaultAt>
  readonly rest: ReadonlyArray<string>
}

/** Finds the first address that has the file, and whether its content is on this machine. */
export const locateFile = Effect.fnUntraced(function* (
  file: WeightFile,
  job: FileJob,
  addresses: ReadonlyArray<string> = file.mirrors,
  earlier: ReadonlyArray<FaultAt> = [],
): Effect.fn.Return<LocatedFile, StageFailure> {
  const faults = [...earlier]
  for (const [index, address] of addresses.entries()) {
    const known = yield* job.cached(file, address)
    const kept = known && (yield* Effect.promise(() => findHere(file, known, job)))
    if (kept !== undefined)
      return { file, supply: kept.supply, size: kept.content.size, found: kept, faults, rest: [] }
    const supply = yield* Effect.result(job.suppliers(file, address))
    if (Result.isFailure(supply)) {
      faults.push([maskAddress(address), supply.failure])
      job.log("info", `${file.path} from ${maskAddress(address)}: ${supply.failure.message}`)
      continue
    }
    const found = yield* Effect.promise(() => findHere(file, supply.success, job))
    if (found === undefined && supply.success.sources.length === 0) {
      faults.push([maskAddress(address), noSoundCopy(job.isOffline)])
      continue
    }
    const size = found?.content.size ?? supply.success.expected.size
    return { file, supply: supply.success, size, found, faults, rest: addresses.slice(index + 1) }
  }
  return yield* noSource(file.path, faults, job)
})

const noSoundCopy = (isOffline: boolean): TransferFault =>
  new TransferFault({
    kind: isOffline ? "refused" : "unreachable",
    message: `the cache's copy is damaged, and ${isOffline ? "HF_HUB_OFFLINE is set" : "the hub is out of reach"}`,
    transient: false,
    ...(isOffline && { code: "OFFLINE" }),
  })

/** Named by content and path, so that whatever the folder holds of another request is either right or left alone. */
export const ownPlace = (checkpoint: string, { path }: WeightFile, expected: ExpectedContent): string => {
  const content = expected.sha256 ?? expected.gitSha1
  return join(checkpoint, createHash("sha256").update(`${content} ${path}`).digest("hex"))
}

/** The content in the checkpoint or in the cache, checked; what is damaged there is told, and as good as none. */
const findHere = async (
  file: WeightFile,
  supply: Supply,
  { checkpoint, cache, log }: FileJob,
): Promise<FoundFile | undefined> => {
  const own = ownPlace(checkpoint, file, supply.expected)
  for (const place of [own, ...supply.places]) {
    const content = await readable(place, supply.expected)
    if (content === undefined) continue
    if (content.mistake !== undefined) {
      log("warning", `${place} is damaged: ${content.mistake}`)
      continue
    }
    if (place !== own && supply.hub !== undefined)
      await relinkFile(cache, supply.hub.snapshot, supply.hub.file, place)
    return { file, supply, place, content, isShared: place !== own }
  }
  return undefined
}

const readable = async (place: string, expected: ExpectedContent): Promise<CheckedContent | undefined> => {
  const found = await stat(place).catch(() => undefined)
  if (!found?.isFile()) return undefined
  return checkContent(place, expected).catch(() => undefined)
}

/** Fetches a file from its address, or from those after it, and shares it where it can be shared. */
export const obtainFile = Effect.fnUntraced(function* (
  located: LocatedFile,
  job: FileJob,
  onProgress: (done: number, total: number | undefined) => void,
): Effect.fn.Return<FoundFile, StageFailure> {
  let { supply, found, faults, rest } = located
  for (;;) {
    if (found !== undefined) {
      onProgress(found.content.size, found.content.size)
      return found.isShared ? found : yield* share(located.file, supply, found.content, job)
    }
    const fetched = yield* Effect.result(transferFrom(located.file, supply, job, onProgress))
    if (Result.isSuccess(fetched)) return yield* share(located.file, supply, fetched.success, job)
    const local = localFailure(fetched.failure, located.file.path)
    if (local !== undefined) return yield* local
    faults = [...faults, [supply.address, fetched.failure]]
    if (rest.length === 0) return yield* noSource(located.file.path, faults, job)
    ;({ supply, found, faults, rest } = yield* locateFile(located.file, job, rest, faults))
  }
})

/** From each of an address's sources in turn; the last one's fault counts. */
const transferFrom = Effect.fnUntraced(function* (
  file: WeightFile,
  { address, expected, sources }: Supply,
  { checkpoint, retry, log, piece }: FileJob,
  onProgress: (done: number, total: number | undefined) => void,
): Effect.fn.Return<CheckedContent, TransferFault> {
  const settings = { retry, onProgress, ...(piece !== undefined && { piece }) }
  let last: TransferFault = new TransferFault({
    kind: "unreachable",
    message: "nothing can be asked for it",
    transient: false,
  })
  for (const source of sources) {
    const content = yield* Effect.result(
      transferFile(expected, source, ownPlace(checkpoint, file, expected), settings),
    )
    if (Result.isSuccess(content)) {
      log("info", `${file.path} from ${address}`)
      return content.success
    }
    last = content.failure
    log("info", `${file.path} from ${maskAddress(source.name)}: ${last.message}`)
  }
  return yield* last
})

/** A cache that can't be written to costs nothing but the sharing. */
const share = (
  file: WeightFile,
  supply: Supply,
  content: CheckedContent,
  { checkpoint, cache, log }: FileJob,
): Effect.Effect<FoundFile> => {
  const own = ownPlace(checkpoint, file, supply.expected)
  const { hub } = supply
  const kept: FoundFile = { file, supply, place: own, content, isShared: false }
  if (hub === undefined) return Effect.succeed(kept)
  return Effect.tryPromise({
    try: () => shareFile(cache, hub.snapshot, hub.file, own),
    catch: faultOf,
  }).pipe(
    Effect.match({
      onSuccess: (place): FoundFile => ({ ...kept, place, isShared: true }),
      onFailure: (fault) => {
        log("info", `${file.path} is not put into the cache ${cache}: ${fault.message}`)
        return kept
      },
    }),
  )
}
