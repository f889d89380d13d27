import { chmod, constants, copyFile, link, mkdir, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type StageContext, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { makeAgent, maskAddress, type TransferRetry } from "../network/index.ts"
import { isOneDisk, type SpaceNeed, sharesBlocks, spaceShortage } from "./disk-space.ts"
import { noSource } from "./failures.ts"
import {
  type FileJob,
  type FoundFile,
  type LocatedFile,
  locateFile,
  obtainFile,
  ownPlace,
} from "./fetch-file.ts"
import { hubAddress } from "./hub/address.ts"
import { repositoryFiles } from "./hub/repository-files.ts"
import { type HubSettings, hubSettings } from "./hub/settings.ts"
import type { Wire } from "./hub/wire.ts"
import { packagedModels } from "./packaged.ts"
import {
  MANIFEST,
  type ResolvedWeights,
  requestedRepository,
  resolveWeights,
  type WeightFile,
  type WeightsRequest,
} from "./resolve.ts"
import { cachedSupply, makeSnapshots, makeSuppliers, type Snapshots } from "./supply.ts"

/** Where a checkpoint goes, and how patiently it is fetched. */
export interface FetchJob {
  /** An empty folder. */
  readonly output: string
  /** A folder that survives failed attempts. */
  readonly checkpoint: string
  /** `HF_TOKEN`, `HF_ENDPOINT`, `HF_HOME` … as Python's library has them. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** When it is aborted the download ends soon, and what has come is kept. */
  readonly signal?: AbortSignal
  /** Milliseconds without news from a server. */
  readonly timeout?: number
  readonly retry?: TransferRetry
  /** The folder of the models that come with the package, where it isn't the package's own. */
  readonly models?: string
  /** Bytes of one request, where it isn't the usual. */
  readonly piece?: number
}

const TIMEOUT = 30_000
/** A server that asks for a longer wait is left to the engine: it holds nothing meanwhile, and its journal says why. */
const RETRY: TransferRetry = { times: 4, delay: 1000, longest: 5000 }
/** Files at a time. */
const FILES = 4
/** Requests at a time to one server. */
const CONNECTIONS = 8

/**
 * Fetches a checkpoint: every file from the first of its addresses that has it whole, going on from what earlier
 * attempts have brought; size and digests are checked before anything is given out. Writes `manifest.json` beside the
 * files.
 */
export const fetchWeights = (
  request: WeightsRequest,
  job: FetchJob,
  report: Pick<StageContext, "progress" | "log">,
): Effect.Effect<void, StageFailure> => {
  const fetching = Effect.scoped(fetchAll(request, job, report))
  return job.signal === undefined ? fetching : Effect.raceFirst(fetching, untilStopped(job.signal))
}

const untilStopped = (signal: AbortSignal): Effect.Effect<never, StageFailure> =>
  Effect.callback((resume) => {
    const stop = () =>
      resume(Effect.fail(new StageFailure({ reason: "cancelled", message: "the download was stopped" })))
    if (signal.aborted) stop()
    signal.addEventListener("abort", stop, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", stop))
  })

const fetchAll = Effect.fn("fetchWeights")(function* (
  request: WeightsRequest,
  job: FetchJob,
  { progress, log }: Pick<StageContext, "progress" | "log">,
) {
  const models = job.models ?? packagedModels()
  const timeout = job.timeout ?? TIMEOUT
  const retry = job.retry ?? RETRY
  const hub = yield* expected(async () => hubSettings(job.environment))
  const agent = yield* makeAgent({ connections: CONNECTIONS, connectTimeout: timeout })
  const wire: Wire = { agent, timeout, hub }
  const snapshots = makeSnapshots(wire, retry, log)
  const files: FileJob = {
    suppliers: makeSuppliers(wire, snapshots, models),
    cached: (file, address) => cachedSupply(file, address, wire),
    checkpoint: job.checkpoint,
    cache: hub.cache,
    retry,
    endpoint: maskAddress(hub.endpoint),
    isOffline: hub.isOffline,
    hasToken: hub.token !== undefined,
    log,
    piece: job.piece,
  }
  const listed = yield* listRepository(request, snapshots, files)
  const weights = yield* expected(() => resolveWeights(request, models, listed))
  const located = yield* Effect.forEach(weights.files, (file) => locateFile(file, files), {
    concurrency: FILES,
  })
  yield* checkSpace(located, job, hub)
  const meter = makeMeter(located, progress)
  const found = yield* Effect.forEach(located, (one) => obtainFile(one, files, meter(one.file.path)), {
    concurrency: FILES,
  })
  for (const one of found) yield* expected(() => place(one, join(job.output, one.file.path)))
  for (const told of learnt(found)) log("info", told)
  yield* expected(() => writeFile(join(job.output, MANIFEST), manifestOf(weights, found)))
})

/** Says of each file for which no digest was known whose word was taken, and what the digest is. */
const learnt = (found: ReadonlyArray<FoundFile>): ReadonlyArray<string> =>
  found.flatMap(({ file, supply, content: { sha256 } }) =>
    file.sha256 === undefined
      ? [
          `${file.path}: no sha256 was known before; the hub's word was taken for ${supply.address}, and ${sha256} is in ${MANIFEST}`,
        ]
      : [],
  )

/** StageFailures of a promise are failures; what else it throws is a defect. */
const expected = <A>(run: () => Promise<A>): Effect.Effect<A, StageFailure> =>
  Effect.promise(run).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof StageFailure ? Effect.fail(defect) : Effect.die(defect),
    ),
  )

const listRepository = Effect.fnUntraced(function* (
  request: WeightsRequest,
  snapshots: Snapshots,
  job: FileJob,
): Effect.fn.Return<ReadonlyArray<WeightFile>, StageFailure> {
  const asked = yield* expected(async () => requestedRepository(request))
  if (asked === undefined) return []
  const snapshot = yield* snapshots(asked).pipe(
    Effect.mapError((fault) =>
      noSource(asked.repository, [[hubAddress({ ...asked, path: "" }), fault]], job),
    ),
  )
  return yield* expected(async () => repositoryFiles(snapshot, request.include ?? [], request.exclude ?? []))
})

/** What is to be fetched goes into the checkpoint; what is shared is copied out of the cache. */
const checkSpace = Effect.fnUntraced(function* (
  located: ReadonlyArray<LocatedFile>,
  { checkpoint, output }: FetchJob,
  { cache }: HubSettings,
): Effect.fn.Return<void, StageFailure> {
  const shortage = yield* Effect.promise(async () => {
    const isFree = await sharesBlocks(checkpoint, output)
    const needs: Array<SpaceNeed> = []
    for (const { file, supply, size = 0, found } of located) {
      if (found === undefined) {
        const partial = `${ownPlace(checkpoint, file, supply.expected)}.partial`
        const here = await stat(partial).catch(() => undefined)
        needs.push({ folder: checkpoint, bytes: Math.max(0, size - (here?.blocks ?? 0) * 512) })
        const isMoved = supply.hub !== undefined && (await isOneDisk(checkpoint, cache))
        if (supply.hub !== undefined) needs.push({ folder: cache, bytes: isMoved && isFree ? 0 : size })
      } else if (found.isShared && !isFree) needs.push({ folder: output, bytes: size })
    }
    return spaceShortage(needs)
  })
  if (shortage !== undefined) return yield* shortage
})

/** Adds up the progress of all files. */
const makeMeter = (files: ReadonlyArray<LocatedFile>, progress: StageContext["progress"]) => {
  const states = new Map(files.map(({ file, size }) => [file.path, { done: 0, total: size }]))
  return (path: string) => (done: number, total: number | undefined) => {
    states.set(path, { done, total })
    let doneOfAll = 0
    let totalOfAll: number | undefined = 0
    for (const state of states.values()) {
      doneOfAll += state.done
      totalOfAll =
        totalOfAll === undefined || state.total === undefined ? undefined : totalOfAll + state.total
    }
    progress({ done: doneOfAll, unit: "bytes", ...(totalOfAll !== undefined && { total: totalOfAll }) })
  }
}

/**
 * Puts a file where it belongs. What is in the checkpoint stays there, for the run may still be killed, and is read-only
 * from now on, so that it may be one file with two names. What is in the cache is copied, for others may write to it.
 */
const place = async ({ place: from, isShared }: FoundFile, to: string): Promise<void> => {
  await mkdir(dirname(to), { recursive: true })
  const copy = () => copyFile(from, to, constants.COPYFILE_FICLONE)
  if (isShared) return copy()
  await chmod(from, 0o444)
  await link(from, to).catch(copy)
}

/**
 * What was asked for, what was checked and by whose word, and for files of the hub the commit that it was: where a
 * revision has led, and where it can be had again. Files of this machine are no source that means anything elsewhere.
 */
const manifestOf = (weights: ResolvedWeights, found: ReadonlyArray<FoundFile>): string =>
  `${JSON.stringify(
    {
      name: weights.name,
      architecture: weights.architecture,
      licence: weights.licence,
      files: Object.fromEntries(
        found.map(({ file, supply, content: { size, sha256 } }) => [
          file.path,
          {
            size,
            sha256,
            ...(supply.hub !== undefined && { from: supply.address }),
            ...(file.sha256 === undefined && { digest: "told by the hub when it was fetched" }),
            sources: file.mirrors.filter((mirror) => !mirror.startsWith("file:")).map(maskAddress),
          },
        ]),
      ),
    },
    null,
    2,
  )}\n`
