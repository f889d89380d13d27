import { permanent } from "@diva-pipeline/core"
import type {
  DivaOptions,
  EvaluationPlan,
  OptimiserOptions,
  PartName,
  PartOptions,
  PicturePlan,
  WorkOptions,
} from "../training/diva/index.ts"
import type { DivaInput } from "./train-diva-input.ts"

/**
 * The ranges of crops.
 *
 * @throws StageFailure when one ends before it starts
 */
export const cropRanges = (
  given: Pick<DivaInput, "crop-min-scale" | "crop-max-scale" | "crop-min-ratio" | "crop-max-ratio">,
) => {
  const scale = [given["crop-min-scale"], given["crop-max-scale"]] as const
  const ratio = [given["crop-min-ratio"], given["crop-max-ratio"]] as const
  for (const [name, [least, greatest]] of [["scale", scale] as const, ["ratio", ratio] as const]) {
    if (least > greatest)
      throw permanent(`crop-min-${name} is ${least}, more than crop-max-${name}, which is ${greatest}`)
  }
  return { scale, ratio }
}

const ALL: Readonly<Record<PartName, ReadonlyArray<string>>> = {
  clip: ["visual.**"],
  projector: ["visual_proj.**"],
  denoiser: [],
}

const partOptions = (given: DivaInput, name: PartName): PartOptions => {
  const own: NonNullable<DivaInput["parts"]>["clip"] = given.parts?.[name] ?? {}
  const optimiser: OptimiserOptions = {
    rule: own.optimiser ?? given.optimiser,
    learningRate: own["learning-rate"] ?? given["learning-rate"],
    weightDecay: own["weight-decay"] ?? given["weight-decay"],
    momentum: own.momentum ?? given.momentum,
    beta1: own.beta1 ?? given.beta1,
    beta2: own.beta2 ?? given.beta2,
    epsilon: own.epsilon ?? given.epsilon,
  }
  return { train: own.train ?? ALL[name], optimiser }
}

/** Images that are computed at once when nothing is said: as many as one of the original's processors took. */
const AT_ONCE = 16

/**
 * The recipe that an input asks for.
 *
 * @throws StageFailure when it contradicts itself
 */
export const recipeOf = (given: DivaInput): DivaOptions => {
  const round = given["warmup-rounding"] === "up" ? Math.ceil : Math.floor
  const parts = {
    clip: partOptions(given, "clip"),
    projector: partOptions(given, "projector"),
    denoiser: partOptions(given, "denoiser"),
  }
  if (given.lora === undefined && Object.values(parts).every(({ train }) => train.length === 0))
    throw permanent("nothing is trained: every part is frozen, and there is no lora")
  return {
    steps: given.steps,
    batch: given.batch,
    imagesAtOnce: given["images-at-once"] ?? AT_ONCE,
    checkpoints: false,
    accumulation: given.accumulation,
    draws: given.draws,
    drawWeights: given["draw-weights"],
    schedule: given.schedule,
    warmup: round(given.steps * given["warmup-ratio"]),
    parts,
    lowRank: given.lora,
    maxGradientNorm: given["max-gradient-norm"],
    averageDecay: given["average-decay"],
    loss: given.loss,
    generativeNormalisation: given["generative-normalisation"],
    discriminativeNormalisation: given["discriminative-normalisation"],
    prompt: given.prompt,
    classNames: given["class-names"],
    crops: { ...cropRanges(given), kind: given.crops, seed: given.seed },
    shuffleBuffer: given["shuffle-buffer"],
    projectorWarmup: given["projector-warmup"],
    projectorLearningRate: given["projector-learning-rate"],
    seed: given.seed,
  }
}

/** How an input asks for the work to be done. */
export const workOf = (given: DivaInput, gpus: ReadonlyArray<number>, cores: number): WorkOptions => ({
  workers: given.workers ?? Math.max(1, gpus.length),
  gpus,
  threads: given["decode-threads"] ?? Math.max(1, cores - 1),
  checkpointEvery: given["checkpoint-every"],
  keepCheckpoints: given["keep-checkpoints"],
  milestoneEvery: given["milestone-every"],
  divergence: given.divergence,
  ...(given["images-at-once"] === undefined && given["memory-budget"] !== undefined
    ? { memoryBudget: given["memory-budget"] }
    : {}),
})

/** What pictures an input asks for. */
export const picturesOf = (given: DivaInput): PicturePlan => ({
  count: given.pictures,
  steps: given["picture-steps"],
})

/** What an input asks to be evaluated. */
export const evaluationOf = (given: DivaInput): EvaluationPlan => {
  if (given.keep === "best" && given.benchmarks.length === 0)
    throw permanent("keep is best, but there are no benchmarks that say which weights are the best")
  return {
    benchmarks: given.benchmarks.map((folder, index) => ({
      name: given["benchmark-names"][index] ?? `benchmark ${index + 1}`,
      folder,
    })),
    every: given["evaluate-every"],
    keep: given.keep,
    patience: given.patience,
  }
}
