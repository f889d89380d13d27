import { Effect } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, test } from "vitest"
import type { RunEvent } from "../observe/index.ts"
import { makeFolder, removeFolder } from "./fixtures/engine.ts"
import { machine, type RandomPipeline, randomPipeline, toPipeline } from "./fixtures/random-pipelines.ts"
import {
  expectLaws,
  expectRecovery,
  inFolder,
  inWords,
  quickEngine,
  run,
  startsIn,
} from "./fixtures/run-laws.ts"
import { runPipeline } from "./index.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

/** Milliseconds: a case is several runs with a store of their own. */
const PATIENCE = 240_000

const random = randomPipeline(["fine", "fine", "fine", "flaky", "permanent", "never"])
/** After how many events the run is to end. */
const moment = fc.nat(40)

const task = (work: number, memory: number): RandomPipeline["sketches"][number] => ({
  work,
  needs: [],
  takes: false,
  resources: [{ cpu: 1, memory, gpu: 0, pools: {} }],
  cache: "on",
})
/** Asked to end at its eighth event, it often has an attempt that has succeeded and isn't recorded. */
const threeTasks: RandomPipeline = {
  works: Array.from({ length: 8 }, (_, place) => ({ how: "fine", pause: place === 0 ? 1 : 0 })),
  sketches: [task(2, 1), task(0, 60), task(1, 60)],
}

/** Calls back when whoever was to hear of something has heard of it. */
const afterTurns = (turns: number, then: () => void): void => {
  if (turns === 0) then()
  else setImmediate(() => afterTurns(turns - 1, then))
}

describe("whenever a run is ended", () => {
  test(
    "in good order, nothing new begins, every task has one end, and the next run goes on",
    async () => {
      await fc.assert(
        fc.asyncProperty(random, moment, fc.constantFrom(0, 0.002, 1), (pipeline, at, grace) =>
          inFolder(base, async (folder) => {
            const controller = new AbortController()
            const late: Array<RunEvent> = []
            let seen = 0
            let isClosed = false
            const onEvent = (event: RunEvent): void => {
              if (isClosed) late.push(event)
              if (++seen !== at) return
              controller.abort()
              afterTurns(5, () => {
                isClosed = true
              })
            }
            const options = { stop: controller.signal, grace, onEvent }
            const { events, summary } = await run(folder, toPipeline(pipeline), options)
            const ends = expectLaws(pipeline, events)
            expect(startsIn(late)).toEqual([])
            expect(events.at(-1)?._tag).toBe("RunFinished")
            for (const event of events) {
              // What has its outputs is recorded before the run ends.
              const isOver = grace === 1 && event._tag === "AttemptEnded" && event.result === "succeeded"
              if (isOver) expect(inWords(ends[Number(event.task)] ?? "")).toBe("done")
            }
            if (ends.includes("TaskCancelled")) expect(summary.status).toBe("cancelled")
            await expectRecovery(folder, pipeline, ends)
          }),
        ),
        { numRuns: 20, examples: Array.from({ length: 5 }, () => [threeTasks, 8, 1]) },
      )
    },
    PATIENCE,
  )

  test(
    "at once, every task has one end, and the next run goes on",
    async () => {
      await fc.assert(
        fc.asyncProperty(random, moment, (pipeline, at) =>
          inFolder(base, async (folder) => {
            const events: Array<RunEvent> = []
            const interrupted = new AbortController()
            const onEvent = (event: RunEvent): void => {
              events.push(event)
              if (events.length === at) interrupted.abort()
            }
            const whole = runPipeline(toPipeline(pipeline), { machine, onEvent })
            const { signal } = interrupted
            await Effect.runPromiseExit(Effect.provide(whole, quickEngine(folder)), { signal })
            expect(events.at(-1)?._tag).toBe("RunFinished")
            await expectRecovery(folder, pipeline, expectLaws(pipeline, events))
          }),
        ),
        { numRuns: 20, examples: Array.from({ length: 5 }, () => [threeTasks, 8, 1]) },
      )
    },
    PATIENCE,
  )
})
