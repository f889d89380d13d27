import { join } from "node:path"
import type { StageFailure } from "@diva-pipeline/core"
import { EarlierSamples } from "./earlier-samples.ts"
import { noNetwork, otherList, otherOptions } from "./failures.ts"
import { isFileAddress } from "./fetch/index.ts"
import { type ListedShard, readShards, rowDigests, stampOf } from "./lists/index.ts"
import { readForeign } from "./output-folder.ts"
import type { RunParts } from "./run-parts.ts"
import type { SampleMaker } from "./sample-maker.ts"
import { SeenDigests } from "./seen-digests.ts"
import { shapeOf } from "./shape.ts"
import { ShardJob, Turn } from "./shard-job.ts"
import {
  digestOf,
  metadataColumns,
  Parking,
  ShardWriter,
  type Statistics,
  StatisticsSum,
  StoredShard,
  sampleKey,
  shardName,
} from "./shards/index.ts"
import type { Downloaded } from "./shards-job.ts"
import { Slots } from "./slots.ts"
import { UniqueImages } from "./unique-images.ts"

/** Samples that are done or on their way and not written, beyond which the list is read no further. */
const AHEAD = 16_384
/** Shards in work, each with an open file. */
const OPEN = 64
/** Samples on their way for each download that may run: they are of different hosts. */
const WAITING = 8
/** A shard this large without a single connection means that the network is gone, not the images. */
const OUTAGE = 20

/** One run over a list: makes each shard that is not there as it should be. */
export class ShardsRun {
  readonly #parts: RunParts
  readonly #maker: SampleMaker
  readonly #shape: string
  readonly #earlier: EarlierSamples
  readonly #turn = new Turn()
  readonly #open = new Slots(OPEN)
  readonly #ahead = new Slots(AHEAD)
  readonly #waiting: Slots
  readonly #jobs = new Set<ShardJob>()
  #running: Promise<unknown> = Promise.resolve()
  readonly #finishing = new Set<Promise<void>>()
  readonly #stopped = Promise.withResolvers<never>()
  #isStopped = false
  #outage: StageFailure | undefined
  #done = 0
  #failed = 0
  #parking: Parking | undefined
  #unique: UniqueImages | undefined
  #urls: SeenDigests | undefined
  #isAllKept = true
  #hasForeign = false

  constructor(parts: RunParts, maker: SampleMaker) {
    this.#parts = parts
    this.#maker = maker
    this.#shape = shapeOf(parts.options, parts.survey.additionalTypes)
    this.#earlier = new EarlierSamples(parts.ledger, this.#shape, parts.options, parts.job.earlier ?? [])
    this.#waiting = new Slots(parts.options.threadCount * WAITING)
    this.#stopped.promise.catch(() => {})
  }

  run(signal: AbortSignal): Promise<Downloaded> {
    const running = this.#run(signal)
    this.#running = running
    return running
  }

  async #run(signal: AbortSignal): Promise<Downloaded> {
    signal.addEventListener("abort", () => this.#stop(signal.reason))
    try {
      const { names, kept } = await this.#makeShards()
      while (this.#jobs.size > 0)
        await Promise.race([Promise.all(Array.from(this.#jobs, ({ over }) => over)), this.#stopped.promise])
      if (this.#outage !== undefined) throw this.#outage
      return await this.#conclude(names, kept)
    } finally {
      // Shards that are written are put in their place, whatever has become of the others.
      await Promise.allSettled(this.#finishing)
    }
  }

  /** Begins each shard that is not there as it should be. */
  async #makeShards(): Promise<{ names: ReadonlyArray<string>; kept: number }> {
    const { list, ledger, options, job } = this.#parts
    const work = await ledger.emptyWork()
    this.#parking = new Parking(join(work, "parked"))
    if (options.skipDuplicates !== "none") this.#urls = this.#seenIn(work, "urls")
    if (options.skipDuplicates === "content") this.#unique = new UniqueImages(this.#seenIn(work, "images"))
    const first = job.mode === "extend" ? await ledger.firstFree() : 0
    const names: Array<string> = []
    let kept = 0
    for await (const shard of readShards(list, options, this.#urls)) {
      if (this.#outage !== undefined) break
      if (shard.number % options.split.of !== options.split.part) continue
      const name = shardName(first + shard.number, options)
      names.push(name)
      if (await this.#keep(name, shard)) kept += 1
      else await this.#begin(name, first + shard.number, shard, work, this.#parking)
    }
    return { names, kept }
  }

  async close(): Promise<void> {
    this.#stop(new Error("closed"))
    // Whoever uses the folder next must not meet this run in it.
    await Promise.allSettled([this.#running])
    await Promise.allSettled(Array.from(this.#jobs, (job) => job.abandon()))
    await this.#earlier.close()
    await this.#parking?.close()
    this.#unique?.close()
    this.#urls?.close()
  }

  #seenIn(work: string, name: string): SeenDigests {
    return new SeenDigests(this.#parts.survey.rows, join(work, name))
  }

  /** Whether a shard is there and as it should be. */
  async #keep(name: string, { urls }: ListedShard): Promise<boolean> {
    const { ledger, job } = this.#parts
    const shard = await ledger.finished(name)
    if (shard === undefined && job.isForeignKept === true) return this.#keepForeign(name)
    if (shard !== undefined && shard.shape !== this.#shape && job.isShapeKept === true)
      throw otherOptions(job.folder, shard.shape, this.#shape)
    if (shard === undefined || shard.shape !== this.#shape) return false
    if (shard.rows !== digestOf(rowDigests(urls))) return false
    if (job.mode === "retry" && shard.statistics.failedToDownload > 0) return false
    if (this.#unique !== undefined && !this.#learn(this.#unique, name)) return false
    this.#count(shard.statistics.count, shard.statistics.count - shard.statistics.successes)
    return true
  }

  /** Whether a shard has the right images still: those that it may have depend on all before it. */
  #learn(unique: UniqueImages, name: string): boolean {
    const { job, options } = this.#parts
    if (!this.#isAllKept) return false
    unique.learn(async () => {
      const shard = await StoredShard.open(job.folder, name, options)
      const hashes = shard?.hashes() ?? []
      await shard?.close()
      return hashes
    })
    return true
  }

  async #refuseOtherList(name: string): Promise<void> {
    const { ledger, job } = this.#parts
    const shard = await ledger.finished(name)
    if (shard === undefined || shard.statistics.successes === 0) return
    throw otherList(join(job.folder, name))
  }

  /** img2dataset knows a shard as finished by its statistics; nothing tells which list it was made from. */
  async #keepForeign(name: string): Promise<boolean> {
    const shard = await readForeign(this.#parts.job.folder, name)
    if (shard === undefined) return false
    if (!this.#hasForeign)
      this.#parts.report.log("warning", "shards that img2dataset has made are taken for finished")
    this.#hasForeign = true
    this.#count(shard.statistics.count, shard.statistics.count - shard.statistics.successes)
    return true
  }

  async #begin(
    name: string,
    number: number,
    shard: ListedShard,
    work: string,
    parking: Parking,
  ): Promise<void> {
    const { options, survey, job } = this.#parts
    this.#isAllKept = false
    await this.#open.enter()
    const start = Date.now() / 1000
    const digests = rowDigests(shard.urls)
    const earlier = await this.#earlier.find(digests, job.mode === "retry")
    if (job.isShapeKept === true && earlier.every((take) => take === undefined))
      await this.#refuseOtherList(name)
    const writer = new ShardWriter(work, name, options, metadataColumns(options, survey.additionalTypes))
    const inWork = new ShardJob(
      writer,
      shard.urls.length,
      parking,
      this.#turn,
      () => this.#ahead.leave(),
      (statistics) => {
        const finishing = this.#finish(name, work, writer.files, digests, statistics, start)
        this.#finishing.add(finishing)
        return finishing.finally(() => this.#finishing.delete(finishing))
      },
      this.#unique,
    )
    this.#watch(inWork)
    for (const [index, row] of shard.urls.entries()) {
      await this.#ahead.enter()
      await this.#waiting.enter()
      if (this.#isStopped) return this.#stopped.promise
      // The same path may lead to another picture now; reading it again costs little.
      const stored = isFileAddress(row.url) ? undefined : earlier[index]
      const task = { key: sampleKey(number, index, options), row, earlier: stored }
      this.#maker
        .make(task, () => this.#waiting.leave())
        .then((sample) => {
          inWork.deliver(index, sample)
          this.#count(1, sample.image === undefined ? 1 : 0)
        })
        .catch((cause) => this.#stop(cause))
    }
  }

  async #finish(
    name: string,
    work: string,
    files: ReadonlyArray<string>,
    digests: Buffer,
    statistics: Statistics,
    start: number,
  ): Promise<void> {
    const { ledger, job } = this.#parts
    const { count, unreachable } = statistics
    if (count >= OUTAGE && unreachable === count) {
      // What else is in work is brought to its end.
      this.#outage = noNetwork(statistics)
      return
    }
    const times = job.recordTimes ? { start, end: Date.now() / 1000 } : undefined
    await this.#earlier.whileReplaced(name, () =>
      ledger.finish(name, work, files, digests, { shape: this.#shape, statistics, times }),
    )
  }

  async #conclude(names: ReadonlyArray<string>, kept: number): Promise<Downloaded> {
    const { ledger, list, options, job, report } = this.#parts
    const sum = new StatisticsSum()
    const files: Array<string> = []
    for (const name of names) {
      const own = await ledger.finished(name)
      const shard = own ?? (this.#hasForeign ? await readForeign(job.folder, name) : undefined)
      if (shard === undefined) continue
      sum.add(shard.statistics)
      files.push(...Object.keys(shard.files))
    }
    const { statistics } = sum
    await ledger.forgetRetired()
    const left = job.mode === "extend" ? [] : await ledger.others(names, options.split)
    if (left.length > 0)
      report.log(
        "warning",
        `the list has nothing for these shards, which are left as they are: ${left.join(", ")}`,
      )
    const stamp = await stampOf(list, options)
    if (job.mode !== "extend" && stamp !== undefined)
      await ledger.finishList({ stamp, shape: shapeOf(options, undefined), shards: names, statistics })
    return { statistics, shards: names, kept, files }
  }

  #watch(job: ShardJob): void {
    this.#jobs.add(job)
    job.over.then(
      () => {
        this.#jobs.delete(job)
        this.#open.leave()
      },
      (cause) => this.#stop(cause),
    )
  }

  #stop(cause: unknown): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#stopped.reject(cause)
    this.#open.open()
    this.#ahead.open()
    this.#waiting.open()
  }

  #count(done: number, failed: number): void {
    this.#done += done
    this.#failed += failed
    this.#parts.report.progress({
      done: this.#done,
      total: this.#parts.survey.rows,
      unit: "images",
      ...(this.#failed > 0 && { detail: `${this.#failed} failed` }),
    })
  }
}
