import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { TrainingState } from "./checkpoint.ts"
import { START } from "./data/index.ts"
import { refuseDivergence } from "./divergence.ts"
import { type EvaluationPlan, Evaluations } from "./evaluations.ts"
import type { Replica } from "./replica.ts"
import type { StepRecord } from "./training-record.ts"

const state = (step: number, evaluations: TrainingState["evaluations"]): TrainingState => ({
  version: 2,
  recipe: "",
  step,
  phase: "all",
  position: START,
  records: [],
  evaluations: [...evaluations],
})

describe("evaluation in training", () => {
  let work: string
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "diva-evaluations-"))
  })
  afterAll(() => rm(work, { recursive: true }))

  /** Evaluates at steps with the given scores, until it is enough. */
  const evaluate = async (plan: Partial<EvaluationPlan>, scores: ReadonlyArray<number>, from = 0) => {
    let now = 0
    const replica: Pick<Replica, "saveTuned"> = {
      saveTuned: (folder) => writeFile(join(folder, "weights"), String(now)),
    }
    const context = {
      checkpoint: join(work, "task"),
      scratch: join(work, "scratch"),
      gpus: [],
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
    }
    const complete: EvaluationPlan = {
      benchmarks: [{ name: "pairs", folder: "pairs" }],
      every: 2,
      keep: "best",
      patience: 0,
      ...plan,
    }
    const watch = new Evaluations(complete, context, async () => scores[now / 2] ?? 0)
    let evaluations: TrainingState["evaluations"] = []
    for (now = from; now <= 2 * (scores.length - 1); now++) {
      const made = await watch.look(state(now, evaluations), { ...NO_REPLICA, ...replica })
      evaluations = [...evaluations, ...made]
      if (watch.isEnough(state(now, evaluations))) break
    }
    return { watch, last: state(now, evaluations) }
  }

  it("keeps the best model alone, the first of equals", async () => {
    const { watch, last } = await evaluate({}, [0.2, 0.5, 0.5, 0.4])
    expect(last.evaluations.map(({ step, score }) => [step, score])).toEqual([
      [0, 0.2],
      [2, 0.5],
      [4, 0.5],
      [6, 0.4],
    ])
    expect(watch.keptStep(last)).toBe(2)
    expect(await readdir(join(work, "task"))).toEqual(["best-2"])
    expect(await readFile(join(watch.folderOf(2), "weights"), "utf8")).toBe("2")
  })

  it("stops when scores get no better", async () => {
    const { last } = await evaluate({ patience: 2 }, [0.2, 0.5, 0.4, 0.3, 0.9, 0.9])
    expect(last.step).toBe(6)
  })

  it("takes the last model where that is asked for", async () => {
    const { watch, last } = await evaluate({ keep: "last" }, [0.5, 0.2])
    expect(watch.keptStep(last)).toBeUndefined()
  })
})

const nothing = async () => undefined
const NO_REPLICA: Replica = {
  backward: async () => [],
  add: nothing,
  finishStep: async () => 0,
  peakBytes: async () => 0,
  save: nothing,
  restore: nothing,
  saveTuned: nothing,
  writePictures: nothing,
  dispose: nothing,
}

describe("refuseDivergence", () => {
  const records = (losses: ReadonlyArray<number>): ReadonlyArray<StepRecord> =>
    losses.map((loss, index) => ({
      step: index + 1,
      phase: "all",
      loss,
      draw_losses: [loss],
      learning_rate: 1,
      gradient_norm: 1,
    }))

  it("stops when the loss of twenty steps has risen above what it was", () => {
    const steady = new Array<number>(40).fill(0.1)
    expect(() => refuseDivergence(records([...steady, ...new Array<number>(20).fill(0.3)]), 5)).not.toThrow()
    const rising = records([...steady, ...new Array<number>(20).fill(0.6)])
    expect(() => refuseDivergence(rising, 5)).toThrow(/has risen from 0.100 to 0.600 by step 60/)
    expect(() => refuseDivergence(rising.slice(0, -1), 5)).not.toThrow()
  })

  it("takes single large losses for chance", () => {
    const losses = Array.from({ length: 60 }, (_, index) => (index === 45 ? 2 : 0.1))
    expect(() => refuseDivergence(records(losses), 5)).not.toThrow()
  })
})
