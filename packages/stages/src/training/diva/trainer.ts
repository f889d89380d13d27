import { permanent, type StageContext } from "@diva-pipeline/core"
import { restoreCheckpoint, saveCheckpoint, type TrainingState } from "./checkpoint.ts"
import { START } from "./data/index.ts"
import { refuseDivergence } from "./divergence.ts"
import type { DivaOptions, WorkOptions } from "./options.ts"
import { type Phase, phasesOf, stepOfPhase, stepsOf } from "./phase.ts"
import type { Replica } from "./replica.ts"
import { meanOf, type StepRecord } from "./training-record.ts"
import type { TrainingWatch } from "./training-watch.ts"
import { type SourceRequest, UnitSource } from "./unit-source.ts"

/** What the trainer uses of a stage's context. */
export type TrainerContext = Pick<
  StageContext,
  "checkpoint" | "scratch" | "gpus" | "signal" | "progress" | "log"
>

/** What is trained, on what, and how it is watched. */
export interface TrainingRequest {
  /** At least one; all hold the same numbers. */
  readonly replicas: readonly [Replica, ...ReadonlyArray<Replica>]
  readonly source: Omit<SourceRequest, "onBroken" | "ahead" | "threads">
  readonly work: WorkOptions
  /** All that the result depends on, as text: a checkpoint of another recipe is not used. */
  readonly recipe: string
  readonly watch: TrainingWatch
}

/**
 * Trains by DIVA's method, changing the replicas. Continues from the task's checkpoint where there is one, with the same
 * result as a training that was never interrupted.
 *
 * @throws StageFailure when the loss is no number any more; the signal's reason when aborted
 */
export const train = async (request: TrainingRequest, context: TrainerContext): Promise<TrainingState> => {
  const { replicas, recipe, source } = request
  const found = await restoreCheckpoint(context.checkpoint, recipe, replicas, (reason) =>
    context.log("warning", reason),
  )
  if (found !== undefined) context.log("info", `continuing after step ${found.step}`)
  const trainer = new Trainer(request, context, found ?? firstState(source.options, recipe))
  return await trainer.run()
}

const firstState = (options: DivaOptions, recipe: string): TrainingState => ({
  version: 2,
  recipe,
  step: 0,
  phase: stepOfPhase(phasesOf(options), 0).phase.name,
  position: START,
  records: [],
  evaluations: [],
})

class Trainer {
  readonly #request: TrainingRequest
  readonly #context: TrainerContext
  readonly #options: DivaOptions
  readonly #phases: ReadonlyArray<Phase>
  #state: TrainingState

  constructor(request: TrainingRequest, context: TrainerContext, state: TrainingState) {
    this.#request = request
    this.#context = context
    this.#options = request.source.options
    this.#phases = phasesOf(this.#options)
    this.#state = state
  }

  /** Does all steps that are left. */
  async run(): Promise<TrainingState> {
    const { source: about, work, watch, replicas } = this.#request
    const source = new UnitSource(
      {
        ...about,
        threads: work.threads,
        ahead: 1 + replicas.length,
        onBroken: (key, reason) => this.#context.log("warning", `the image ${key} is left out: ${reason}`),
      },
      this.#state.position,
    )
    const total = stepsOf(this.#phases)
    try {
      if (this.#state.step === 0) await this.#look(total)
      while (this.#state.step < total && !watch.isEnough(this.#state)) {
        const times = await this.#step(source)
        await this.#look(total, times)
        await this.#save()
      }
    } finally {
      await source.close()
    }
    return this.#state
  }

  /** One optimiser step. */
  async #step(source: UnitSource): Promise<StepTimes> {
    const { replicas } = this.#request
    const { step } = this.#state
    const [begun, waitedBefore] = [performance.now(), source.waited]
    const { losses, position } = await this.#gradients(source)
    const wrong = losses.flat().find((value) => !Number.isFinite(value))
    if (wrong !== undefined) throw notFinite("loss", wrong, step)
    const [norm = Number.NaN] = await Promise.all(replicas.map((replica) => replica.finishStep(step)))
    if (!Number.isFinite(norm)) throw notFinite("gradient's norm", norm, step)
    const record = this.#record(losses, norm)
    const records = [...this.#state.records, record]
    this.#state = { ...this.#state, step: record.step, phase: record.phase, position, records }
    refuseDivergence(records, this.#request.work.divergence)
    return { milliseconds: performance.now() - begun, waited: source.waited - waitedBefore }
  }

  /**
   * The losses of a step's draws, unit by unit, each weighed by its share of the micro-batch; their gradients are summed.
   * The replicas take units in turns, and add their gradients in the units' order.
   */
  async #gradients(source: UnitSource) {
    const { replicas } = this.#request
    const losses: Array<Promise<ReadonlyArray<number>>> = []
    const added: Array<Promise<void>> = []
    let { position } = this.#state
    for await (const { unit, next } of source.unitsOf(this.#state.step)) {
      this.#context.signal.throwIfAborted()
      const index = losses.length
      const replica = replicas[index % replicas.length] ?? replicas[0]
      await added[index - replicas.length]
      const computed = replica.backward(unit)
      const turn = Promise.all([computed, added[index - 1]]).then(() => replica.add(index === 0))
      // Reported where it is waited for.
      turn.catch(() => undefined)
      const share = (unit.count / this.#options.batch) * (1 / this.#options.accumulation)
      losses.push(computed.then((draws) => draws.map((loss) => loss * share)))
      losses.at(-1)?.catch(() => undefined)
      added.push(turn)
      position = next
    }
    await added.at(-1)
    return { losses: await Promise.all(losses), position }
  }

  #record(losses: ReadonlyArray<ReadonlyArray<number>>, norm: number): StepRecord {
    const { phase, step } = stepOfPhase(this.#phases, this.#state.step)
    const draws = Array.from({ length: this.#options.draws }, (_, draw) =>
      losses.reduce((sum, ofUnit) => sum + (ofUnit[draw] ?? 0), 0),
    )
    const [rule] = phase.parts.values()
    return {
      step: this.#state.step + 1,
      phase: phase.name,
      loss: meanOf(draws),
      draw_losses: draws,
      learning_rate: rule?.learningRate(step) ?? 0,
      gradient_norm: norm,
    }
  }

  /** Shows how far the training is, and evaluates the model where it is time. */
  async #look(total: number, times?: StepTimes): Promise<void> {
    const { watch, replicas } = this.#request
    const record = this.#state.records.at(-1)
    const images = this.#options.batch * this.#options.accumulation
    if (record !== undefined && times !== undefined)
      this.#context.progress({
        done: this.#state.step,
        total,
        unit: "steps",
        detail: detailOf(record, images, times),
      })
    const evaluations = await watch.look(this.#state, replicas[0], times && { ...times, images })
    if (evaluations.length > 0)
      this.#state = { ...this.#state, evaluations: [...this.#state.evaluations, ...evaluations] }
  }

  async #save(): Promise<void> {
    const { work, replicas } = this.#request
    const { step } = this.#state
    const isMilestone = work.milestoneEvery > 0 && step % work.milestoneEvery === 0
    if (step % work.checkpointEvery !== 0 && !isMilestone) return
    await saveCheckpoint(this.#context.checkpoint, this.#state, replicas[0], work)
  }
}

/** What a step took. */
export interface StepTimes {
  readonly milliseconds: number
  /** Of them spent waiting for images. */
  readonly waited: number
}

const detailOf = (record: StepRecord, images: number, { milliseconds }: StepTimes): string => {
  const gigabytes = (process.memoryUsage.rss() / 1e9).toFixed(1)
  const perSecond = ((1000 * images) / milliseconds).toPrecision(3)
  return [
    `loss ${record.loss.toFixed(4)}`,
    `lr ${record.learning_rate.toPrecision(3)}`,
    `norm ${record.gradient_norm.toPrecision(3)}`,
    `${perSecond} images/s`,
    `${gigabytes} GB`,
  ].join("  ")
}

const notFinite = (what: string, value: number, step: number) =>
  permanent(`the ${what} is ${value} at step ${step + 1}: the training has diverged`, {
    hint: "lower learning-rate, or lengthen the warm-up (warmup-ratio); weights before it are in the last checkpoint",
  })
