import { withoutCredentials } from "../../network/index.ts"
import type { TakeEarlier } from "./earlier-samples.ts"
import { type Fetcher, FetchFault } from "./fetch/index.ts"
import type { Box, ImagePool, ProcessedImage } from "./images/index.ts"
import type { Cell, ListedUrl } from "./lists/index.ts"
import { additionalColumns, type DownloadOptions } from "./options.ts"
import type { DoneSample, SampleRecord, StoredSample } from "./shards/index.ts"

/** One URL of a list, and where it will stand. */
export interface SampleTask {
  readonly key: string
  readonly row: ListedUrl
  /** How it is had without downloading it. */
  readonly earlier: TakeEarlier | undefined
}

/** Makes samples. What goes wrong with one is in the sample; only what is wrong with this machine is thrown. */
export class SampleMaker {
  readonly #fetcher: Fetcher
  readonly #pool: ImagePool
  readonly #boxColumn: number

  constructor(fetcher: Fetcher, pool: ImagePool, options: DownloadOptions) {
    this.#fetcher = fetcher
    this.#pool = pool
    this.#boxColumn = options.bboxCol === undefined ? -1 : additionalColumns(options).indexOf(options.bboxCol)
  }

  /** @param onFetched called when its bytes are there, or it is clear that they will not be */
  async make(task: SampleTask, onFetched: () => void): Promise<DoneSample> {
    const fetched = await this.#fetch(task).finally(onFetched)
    return fetched instanceof Uint8Array ? this.#process(task, fetched) : fetched
  }

  /** The bytes behind the URL, or what the sample is without them. */
  async #fetch(task: SampleTask): Promise<Uint8Array | DoneSample> {
    if (task.row.isDuplicate) return failed(task, "failed_to_resize", "duplicate URL", "duplicate")
    const stored = await task.earlier?.()
    if (stored !== undefined) return again(task, stored)
    try {
      return await this.#fetcher.fetch(task.row.url)
    } catch (cause) {
      if (!(cause instanceof FetchFault)) throw cause
      return failed(task, "failed_to_download", cause.message, cause.kind, cause.isUnreachable)
    }
  }

  async #process(task: SampleTask, bytes: Uint8Array): Promise<DoneSample> {
    const result = await this.#pool.process({
      bytes,
      expectedHash: task.row.expectedHash,
      boxes: boxesOf(task.row.additional[this.#boxColumn]),
    })
    this.#fetcher.resume()
    return "problem" in result
      ? failed(task, result.status, result.problem, "image")
      : succeeded(task, result)
  }
}

const blank = ({ key, row: { additional, caption, url } }: SampleTask) => ({
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

const succeeded = (task: SampleTask, image: ProcessedImage): DoneSample => {
  const record: SampleRecord = {
    ...blank(task),
    status: "success",
    errorMessage: null,
    width: image.size?.width ?? null,
    height: image.size?.height ?? null,
    originalWidth: image.original?.width ?? null,
    originalHeight: image.original?.height ?? null,
    exif: image.exif,
    hash: image.hash,
  }
  return { record, image: image.bytes, fault: undefined, isUnreachable: false }
}

const failed = (
  task: SampleTask,
  status: "failed_to_download" | "failed_to_resize",
  message: string,
  fault: DoneSample["fault"],
  isUnreachable = false,
): DoneSample => ({
  record: { ...blank(task), status, errorMessage: message },
  image: undefined,
  fault,
  isUnreachable,
})

/** A sample of an earlier run, under its key of now. */
const again = (task: SampleTask, { about, image }: StoredSample): DoneSample => ({
  record: { ...blank(task), ...about },
  image,
  fault: about.status === "success" ? undefined : "earlier",
  isUnreachable: false,
})

/** Boxes as a list, or as JSON where the list's format has none. */
const boxesOf = (cell: Cell | undefined): ReadonlyArray<Box> | undefined => {
  const boxes: unknown = typeof cell === "string" ? parsed(cell) : cell
  return Array.isArray(boxes) && boxes.every(isBox) ? boxes : undefined
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isBox = (value: unknown): value is Box =>
  Array.isArray(value) && value.length === 4 && value.every((part) => typeof part === "number")
