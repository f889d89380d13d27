import { existsSync } from "node:fs"
import { cp, mkdir, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { EventFile, type Point, progressPage } from "../progress/index.ts"
import type { TrainingState } from "./checkpoint.ts"
import { PICTURE_FILES } from "./pictures.ts"
import type { TrainerContext } from "./trainer.ts"
import type { EvaluationRecord } from "./training-record.ts"
import type { TrainingWatch } from "./training-watch.ts"

/** How often the page is written anew, in milliseconds. */
const EVERY = 2000

type Times = Parameters<TrainingWatch["look"]>[2]

/** What people look at while a model is trained: a page with curves, and event files for TensorBoard. */
export class Display {
  readonly #folder: string
  readonly #title: string
  readonly #total: number
  readonly #speeds: Array<Point> = []
  readonly #memory: Array<Point> = []
  #events: EventFile | undefined
  #written = 0

  constructor(title: string, total: number, { checkpoint, log }: Pick<TrainerContext, "checkpoint" | "log">) {
    this.#title = title
    this.#total = total
    this.#folder = join(checkpoint, "progress")
    log("info", `the training can be watched at ${join(this.#folder, "index.html")}`)
  }

  /** Shows a step that was done, and the evaluations after it. */
  async show(
    state: TrainingState,
    evaluations: ReadonlyArray<EvaluationRecord>,
    times: Times,
  ): Promise<void> {
    const { step } = state
    const now = Date.now()
    if (this.#events === undefined) {
      await mkdir(this.#folder, { recursive: true })
      const file = join(this.#folder, `events.out.tfevents.${Math.floor(now / 1000)}.${process.pid}`)
      this.#events = new EventFile(file, step, now / 1000)
    }
    const record = state.records.at(-1)
    const values: Record<string, number> = {}
    if (record !== undefined && times !== undefined) {
      const speed = (1000 * times.images) / times.milliseconds
      const gigabytes = process.memoryUsage.rss() / 1e9
      this.#speeds.push({ step, value: speed })
      this.#memory.push({ step, value: gigabytes })
      values.loss = record.loss
      values["learning rate"] = record.learning_rate
      values["gradient norm"] = record.gradient_norm
      values["images per second"] = speed
      values["share of time waiting for images"] = times.waited / times.milliseconds
      values["memory in GB"] = gigabytes
    }
    for (const { benchmark, score } of evaluations) values[benchmark] = score
    if (Object.keys(values).length > 0) this.#events.add({ step, time: now / 1000, values })
    if (now - this.#written < EVERY) return
    this.#written = now
    await this.#writePage(state, true)
  }

  /** Writes the page for the last time, and copies what there is to look at. */
  async finish(state: TrainingState, output: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await this.#writePage(state, false)
    await cp(this.#folder, output, { recursive: true })
  }

  async #writePage(state: TrainingState, isLive: boolean): Promise<void> {
    const page = {
      title: this.#title,
      done: state.step,
      total: this.#total,
      isLive,
      curves: this.#curves(state),
      pictures: this.#pictures(),
    }
    // A browser may read it at any moment.
    const file = join(this.#folder, "index.html")
    await writeFile(`${file}.partial`, progressPage(page))
    await rename(`${file}.partial`, file)
  }

  #pictures(): ReadonlyArray<string> {
    return PICTURE_FILES.filter((name) => existsSync(join(this.#folder, name)))
  }

  #curves({ records, evaluations }: TrainingState): Record<string, ReadonlyArray<Point>> {
    const of = (value: (record: TrainingState["records"][number]) => number): ReadonlyArray<Point> =>
      records.map((record) => ({ step: record.step, value: value(record) }))
    const curves: Record<string, ReadonlyArray<Point>> = {
      loss: of(({ loss }) => loss),
      "learning rate": of((record) => record.learning_rate),
      "gradient norm": of((record) => record.gradient_norm),
      "images per second": this.#speeds,
      "memory in GB": this.#memory,
    }
    for (const { benchmark } of evaluations)
      curves[benchmark] = evaluations
        .filter((one) => one.benchmark === benchmark)
        .map(({ step, score }) => ({ step, value: score }))
    return curves
  }
}
