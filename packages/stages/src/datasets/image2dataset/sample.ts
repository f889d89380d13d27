import { createHash } from "node:crypto"
import { Effect, Semaphore } from "effect"
import { withoutCredentials } from "../../network/index.ts"
import type { Cell } from "./columns.ts"
import type { Downloader } from "./downloader.ts"
import { downloadFault, type ImageFault } from "./image-fault.ts"
import type { SampleRecord } from "./metadata.ts"
import type { DownloadOptions } from "./options.ts"
import type { ResizedImage, Resizer } from "./resizer.ts"
import type { DoneSample } from "./shard.ts"

/** One URL of a list, and where it will stand. */
export interface SampleTask {
  readonly key: string
  readonly url: string
  readonly caption: string | null
  readonly additional: ReadonlyArray<Cell>
}

/** Downloads and resizes one sample. It never fails: what goes wrong is in the sample. */
export type SampleMaker = (task: SampleTask) => Effect.Effect<DoneSample>

/**
 * Puts downloader and resizer together. At most `threadCount` samples are in the making at a time, and so in memory as
 * downloaded.
 */
export const makeSampleMaker = Effect.fnUntraced(function* (
  download: Downloader,
  resize: Resizer,
  options: DownloadOptions,
) {
  const threads = yield* Semaphore.make(options.threadCount)
  const work = Effect.fnUntraced(function* (url: string) {
    if (url === "") return yield* downloadFault("unknown url type: ''")
    const bytes = yield* download(url)
    return { image: yield* resize(bytes), hash: hashOf(bytes, options) }
  })
  return (task: SampleTask): Effect.Effect<DoneSample> =>
    work(task.url).pipe(
      threads.withPermits(1),
      Effect.match({
        onSuccess: ({ image, hash }) => succeeded(task, image, hash),
        onFailure: (fault) => failed(task, fault),
      }),
    )
})

const hashOf = (bytes: Uint8Array, { computeHash }: DownloadOptions): string | null =>
  computeHash === "none" ? null : createHash(computeHash).update(bytes).digest("hex")

const blank = ({ additional, caption, key, url }: SampleTask) => ({
  additional,
  caption,
  url: withoutCredentials(url),
  key,
  width: null,
  height: null,
  originalWidth: null,
  originalHeight: null,
  exif: null,
  hash: null,
})

const succeeded = (task: SampleTask, image: ResizedImage, hash: string | null): DoneSample => {
  const record: SampleRecord = {
    ...blank(task),
    status: "success",
    errorMessage: null,
    width: image.size?.width ?? null,
    height: image.size?.height ?? null,
    originalWidth: image.original?.width ?? null,
    originalHeight: image.original?.height ?? null,
    exif: image.exif,
    hash,
  }
  return { record, image: image.bytes, isUnreachable: false }
}

const failed = (task: SampleTask, { status, message, isUnreachable }: ImageFault): DoneSample => ({
  record: { ...blank(task), status, errorMessage: message },
  image: undefined,
  isUnreachable,
})
