import { adamW } from "../adam-w.ts"
import { cosineWithWarmup, type LearningRate } from "../learning-rate.ts"
import type { Optimiser } from "../optimiser.ts"
import { sgd } from "../sgd.ts"
import type { DivaOptions } from "./options.ts"

/** A run of steps that train the same parameters by the same rule. */
export interface Phase {
  readonly name: "projector" | "all"
  readonly steps: number
  /** Whether a parameter is trained in this phase. */
  readonly trains: (name: string) => boolean
  readonly learningRate: LearningRate
  readonly optimiser: () => Optimiser
}

/** The original's one phase, after the warm-up of visual_proj where that is asked for. */
export const phasesOf = (options: DivaOptions): ReadonlyArray<Phase> => {
  const all: Phase = {
    name: "all",
    steps: options.steps,
    trains: () => true,
    learningRate: cosineWithWarmup({
      peak: options.learningRate,
      warmup: Math.ceil(options.steps * options.warmupRatio),
      steps: options.steps,
    }),
    optimiser: () => sgd({ momentum: options.momentum }),
  }
  if (options.projectorWarmup === 0) return [all]
  const projector: Phase = {
    name: "projector",
    steps: options.projectorWarmup,
    trains: (name) => name.startsWith("visual_proj."),
    learningRate: () => options.projectorLearningRate,
    // A new layer has gradients of quite another size than the trained tower: a rule that scales them fits any model.
    optimiser: () => adamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }),
  }
  return [projector, all]
}

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
