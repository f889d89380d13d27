import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { copyFile, link, mkdir, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { permanent, type StageContext, StageFailure, transient } from "@diva-pipeline/core"
import { Effect } from "effect"
import {
  makeAgent,
  maskAddress,
  retryTransfer,
  type TransferFault,
  type TransferRetry,
} from "../network/index.ts"
import { packagedModels } from "./packaged.ts"
import { PartialFile } from "./partial-file.ts"
import {
  MANIFEST,
  type ResolvedWeights,
  resolveWeights,
  type WeightFile,
  type WeightsRequest,
} from "./resolve.ts"
import { type TransferSettings, transferFile } from "./transfer.ts"

/** Where a checkpoint goes, and how patiently it is fetched. */
export interface FetchJob {
  /** An empty folder. */
  readonly output: string
  /** A folder that survives failed attempts. */
  readonly checkpoint: string
  /** Milliseconds without news from a server. */
  readonly timeout?: number
  readonly retry?: TransferRetry
  /** A Hugging Face token. */
  readonly token?: string | undefined
  /** The folder of the models that come with the package, where it isn't the package's own. */
  readonly models?: string
}

const TIMEOUT = 30_000
/** A server that asks for a longer wait is left to the engine: it holds nothing meanwhile, and its journal says why. */
const RETRY: TransferRetry = { times: 4, delay: 1000, longest: 5000 }
/** Files at a time. */
const FILES = 4

/**
 * Fetches a checkpoint: every file from the first of its mirrors that has it whole, continuing what earlier attempts
 * have begun; size and digest are checked before anything is given out. Writes `manifest.json` beside the files.
 */
export const fetchWeights = Effect.fn("fetchWeights")(function* (
  request: WeightsRequest,
  job: FetchJob,
  { progress, log }: Pick<StageContext, "progress" | "log">,
) {
  const models = job.models ?? packagedModels()
  const weights = yield* expected(() => resolveWeights(request, models))
  const agent = yield* makeAgent({ connections: FILES, connectTimeout: job.timeout ?? TIMEOUT })
  const meter = makeMeter(weights.files, progress)
  yield* Effect.forEach(
    weights.files,
    (file) =>
      fetchFile(file, job, log, {
        agent,
        timeout: job.timeout ?? TIMEOUT,
        token: job.token,
        models,
        onProgress: meter(file.path),
      }),
    { concurrency: FILES, discard: true },
  )
  const sizes = new Map<string, number>()
  for (const file of weights.files)
    sizes.set(file.path, yield* expected(() => place(cached(job, file), join(job.output, file.path))))
  yield* expected(() => writeFile(join(job.output, MANIFEST), manifestOf(weights, sizes)))
}, Effect.scoped)

/** StageFailures of a promise are failures; what else it throws is a defect. */
const expected = <A>(run: () => Promise<A>): Effect.Effect<A, StageFailure> =>
  Effect.promise(run).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof StageFailure ? Effect.fail(defect) : Effect.die(defect),
    ),
  )

/** Named by content and path, so that whatever the folder holds of another request is either right or left alone. */
const cached = ({ checkpoint }: FetchJob, { path, sha256 }: WeightFile): string =>
  join(checkpoint, createHash("sha256").update(`${sha256} ${path}`).digest("hex"))

const fetchFile = Effect.fnUntraced(function* (
  file: WeightFile,
  job: FetchJob,
  log: StageContext["log"],
  settings: TransferSettings,
): Effect.fn.Return<void, StageFailure> {
  const target = new PartialFile(cached(job, file))
  const size = yield* Effect.promise(() => intactSize(target.file, file))
  if (size !== undefined) {
    settings.onProgress(size, size)
    return
  }
  const faults: Array<readonly [mirror: string, fault: TransferFault]> = []
  for (const mirror of file.mirrors) {
    const fault = yield* transferFile(file, mirror, target, settings).pipe(
      retryTransfer(job.retry ?? RETRY),
      Effect.match({ onSuccess: () => undefined, onFailure: (failed) => failed }),
    )
    if (fault === undefined) {
      log("info", `${file.path} from ${maskAddress(mirror)}`)
      return
    }
    faults.push([mirror, fault])
    log("info", `${file.path} from ${maskAddress(mirror)}: ${fault.message}`)
  }
  return yield* noMirror(file, faults)
})

const intactSize = async (path: string, { sha256 }: WeightFile): Promise<number | undefined> => {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  const hash = createHash("sha256")
  for await (const piece of createReadStream(path)) hash.update(piece)
  return hash.digest("hex") === sha256 ? found.size : undefined
}

const noMirror = (
  file: WeightFile,
  faults: ReadonlyArray<readonly [mirror: string, fault: TransferFault]>,
): StageFailure => {
  const lines = faults.map(
    ([mirror, fault]) => `\n  ${maskAddress(mirror)}: ${fault.message}${patienceText(fault)}`,
  )
  const message = `${file.path} could not be fetched:${lines.join("")}`
  const isGated = faults.some(([, { status }]) => status?.code === 401 || status?.code === 403)
  const isPassing = faults.some(([, fault]) => fault.transient || fault.kind === "unreachable")
  if (isPassing)
    return transient(message, {
      hint: "check the network; what has come is kept, and the next run continues",
      ...patienceOf(faults.map(([, fault]) => fault)),
    })
  return permanent(message, {
    hint: isGated
      ? "the publisher wants a login: accept the licence on the model's page, and set HF_TOKEN"
      : "give other addresses: `files: [{ path: …, urls: [https://… or file:///…] }]`",
  })
}

const secondsAsked = (fault: TransferFault): number | undefined =>
  fault.transient && fault.retryAfter !== undefined ? Math.ceil(fault.retryAfter / 1000) : undefined

const patienceText = (fault: TransferFault): string => {
  const seconds = secondsAsked(fault)
  return seconds === undefined ? "" : `, and asks to wait ${seconds} s`
}

/** Each attempt asks all mirrors: the one that asks for the longest wait is heeded. */
const patienceOf = (faults: ReadonlyArray<TransferFault>): { readonly retryAfter?: number } => {
  const asked = faults.map(secondsAsked).filter((seconds) => seconds !== undefined)
  return asked.length === 0 ? {} : { retryAfter: Math.max(...asked) }
}

/** Adds up the progress of all files. */
const makeMeter = (files: ReadonlyArray<WeightFile>, progress: StageContext["progress"]) => {
  const states = new Map(files.map(({ path, size }) => [path, { done: 0, total: size ?? undefined }]))
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

/** Puts a file where it belongs, and tells its size. It stays in the checkpoint, for the run may still be killed. */
const place = async (from: string, to: string): Promise<number> => {
  await mkdir(dirname(to), { recursive: true })
  await link(from, to).catch(() => copyFile(from, to))
  return (await stat(to)).size
}

/**
 * What was asked for and checked, not which mirror happened to answer: the manifest is the same for every run. Files of
 * this machine are no source that means anything elsewhere.
 */
const manifestOf = (weights: ResolvedWeights, sizes: ReadonlyMap<string, number>): string =>
  `${JSON.stringify(
    {
      name: weights.name,
      architecture: weights.architecture,
      licence: weights.licence,
      files: Object.fromEntries(
        weights.files.map(({ path, sha256, mirrors }) => [
          path,
          {
            size: sizes.get(path),
            sha256,
            sources: mirrors.filter((mirror) => !mirror.startsWith("file:")).map(maskAddress),
          },
        ]),
      ),
    },
    null,
    2,
  )}\n`
