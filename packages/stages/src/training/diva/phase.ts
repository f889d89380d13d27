import { adamW } from "../adam-w.ts"
import { type LearningRate, warmedSchedule } from "../learning-rate.ts"
import type { Optimiser } from "../optimiser.ts"
import { sgd } from "../sgd.ts"
import { type DivaOptions, type OptimiserOptions, PART_NAMES, type PartName } from "./options.ts"

/** How a part is trained in a phase. */
export interface PartRule {
  readonly optimiser: () => Optimiser
  readonly learningRate: LearningRate
}

/** A run of steps that train the same parts by the same rules. */
export interface Phase {
  readonly name: "projector" | "all"
  readonly steps: number
  /** The parts that are trained in it. */
  readonly parts: ReadonlyMap<PartName, PartRule>
}

/** The original's one phase, after the warm-up of the projector where that is asked for. */
export const phasesOf = (options: DivaOptions): ReadonlyArray<Phase> => {
  const { schedule: shape, steps, warmup } = options
  const rules = PART_NAMES.filter((part) => isTrained(part, options)).map((part) => {
    const { optimiser } = options.parts[part]
    const learningRate = warmedSchedule({ shape, peak: optimiser.learningRate, warmup, steps })
    return [part, { optimiser: () => optimiserOf(optimiser), learningRate }] as const
  })
  const all: Phase = { name: "all", steps, parts: new Map(rules) }
  if (options.projectorWarmup === 0) return [all]
  // A new layer has gradients of quite another size than the trained tower: a rule that scales them fits any model.
  const warming: PartRule = {
    optimiser: () => adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }),
    learningRate: () => options.projectorLearningRate,
  }
  return [
    { name: "projector", steps: options.projectorWarmup, parts: new Map([["projector", warming]]) },
    all,
  ]
}

const isTrained = (part: PartName, { parts, lowRank }: DivaOptions): boolean =>
  parts[part].train.length > 0 || (part === "clip" && lowRank !== undefined)

const optimiserOf = ({ rule, momentum, weightDecay, beta1, beta2, epsilon }: OptimiserOptions): Optimiser =>
  rule === "sgd" ? sgd({ momentum, weightDecay }) : adamW({ beta1, beta2, epsilon, weightDecay })

/** A step's phase, and its number within it. */
export interface StepOfPhase {
  readonly phase: Phase
  readonly step: number
}

/** Where a step, counted over all phases from 0, falls. */
export const stepOfPhase = (phases: ReadonlyArray<Phase>, step: number): StepOfPhase => {
  let before = 0
  for (const phase of phases) {
    if (step < before + phase.steps) return { phase, step: step - before }
    before += phase.steps
  }
  throw new RangeError(`step ${step} is after the last of ${before}`)
}

/** Steps of all phases together. */
export const stepsOf = (phases: ReadonlyArray<Phase>): number =>
  phases.reduce((sum, { steps }) => sum + steps, 0)
