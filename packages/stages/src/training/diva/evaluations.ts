import { cp, mkdir, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import type { TrainingState } from "./checkpoint.ts"
import { scoreOf } from "./evaluate-tuned.ts"
import type { Replica } from "./replica.ts"
import type { TrainerContext } from "./trainer.ts"
import type { EvaluationRecord } from "./training-record.ts"
import type { TrainingWatch } from "./training-watch.ts"

/** What the model is evaluated on in training, and what follows. */
export interface EvaluationPlan {
  /** Folders of benchmarks, by their names. */
  readonly benchmarks: ReadonlyArray<{ readonly name: string; readonly folder: string }>
  /** Steps from evaluation to evaluation; there is one before the first step. */
  readonly every: number
  /** Whether the result is the last model, or the best one by the first benchmark. */
  readonly keep: "last" | "best"
  /** Evaluations without a better score after which the training stops; 0: it never does. */
  readonly patience: number
}

/** Evaluates the model while it is trained, keeps the best one, and says when it gets no better. */
export class Evaluations implements TrainingWatch {
  readonly #plan: EvaluationPlan
  readonly #context: TrainerContext
  readonly #score: typeof scoreOf

  constructor(plan: EvaluationPlan, context: TrainerContext, score = scoreOf) {
    this.#plan = plan
    this.#context = context
    this.#score = score
  }

  async look(
    { step, evaluations }: TrainingState,
    replica: Replica,
  ): Promise<ReadonlyArray<EvaluationRecord>> {
    const { benchmarks, every } = this.#plan
    if (benchmarks.length === 0 || every === 0 || step % every !== 0) return []
    const folder = join(this.#context.scratch, `tuned-${step}`)
    await mkdir(folder, { recursive: true })
    await replica.saveTuned(folder)
    const made: Array<EvaluationRecord> = []
    for (const { name, folder: benchmark } of benchmarks) {
      const score = await this.#score(folder, benchmark, name, this.#context.signal)
      this.#context.log("info", `after ${step} steps: ${name} ${(100 * score).toFixed(2)} %`)
      made.push({ step, benchmark: name, score })
    }
    if (this.#plan.keep === "best" && this.#bestStep([...evaluations, ...made]) === step)
      await this.#keep(folder, step)
    await rm(folder, { recursive: true, force: true })
    return made
  }

  isEnough({ evaluations }: TrainingState): boolean {
    const { patience } = this.#plan
    const scored = this.#deciding(evaluations)
    const best = scored.findIndex(({ step }) => step === this.#bestStep(evaluations))
    return patience > 0 && best >= 0 && scored.length - 1 - best >= patience
  }

  /** The step whose weights are the result, where that need not be the last. */
  keptStep({ evaluations }: TrainingState): number | undefined {
    return this.#plan.keep === "best" ? this.#bestStep(evaluations) : undefined
  }

  /** Where the best model is kept. */
  folderOf(step: number): string {
    return join(this.#context.checkpoint, `best-${step}`)
  }

  /**
   * Keeps a model in place of the one before. Should the training be killed and go on from before this step, it comes
   * to the same model again.
   */
  async #keep(tuned: string, step: number): Promise<void> {
    const [target, { checkpoint }] = [this.folderOf(step), this.#context]
    await mkdir(checkpoint, { recursive: true })
    await rm(target, { recursive: true, force: true })
    await moveFolder(tuned, target)
    for (const name of await readdir(checkpoint))
      if (/^best-\d+/.test(name) && join(checkpoint, name) !== target)
        await rm(join(checkpoint, name), { recursive: true, force: true })
  }

  #deciding(evaluations: ReadonlyArray<EvaluationRecord>): ReadonlyArray<EvaluationRecord> {
    const [first] = this.#plan.benchmarks
    return evaluations.filter(({ benchmark }) => benchmark === first?.name)
  }

  /** The first step with the highest score. */
  #bestStep(evaluations: ReadonlyArray<EvaluationRecord>): number | undefined {
    const scored = this.#deciding(evaluations)
    const highest = Math.max(...scored.map(({ score }) => score))
    return scored.find(({ score }) => score === highest)?.step
  }
}

/** Moves a folder, whole or not at all, also to another file system. */
const moveFolder = async (from: string, to: string): Promise<void> => {
  await cp(from, `${to}.partial`, { recursive: true, force: true })
  await rename(`${to}.partial`, to)
}
