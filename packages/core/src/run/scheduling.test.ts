import fc from "fast-check"
import { afterAll, describe, expect, test } from "vitest"
import { writeLastTime } from "../plan/index.ts"
import { makeFolder, removeFolder } from "./fixtures/engine.ts"
import {
  expectedOf,
  needsOf,
  type RandomPipeline,
  randomPipeline,
  toPipeline,
} from "./fixtures/random-pipelines.ts"
import {
  endsOf,
  expectLaws,
  expectRecovery,
  inFolder,
  inWords,
  isDone,
  run,
  startsIn,
} from "./fixtures/run-laws.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

/** Milliseconds: a case is several runs with a store of their own. */
const PATIENCE = 240_000

const HOWS = ["fine", "fine", "fine", "fine", "flaky", "permanent", "throws", "never"] as const

describe("whatever the tasks are, and whichever fail", () => {
  test(
    "what needs no failure is done, in order and within what there is; the next run repeats nothing",
    async () => {
      await fc.assert(
        fc.asyncProperty(randomPipeline(HOWS), (random) =>
          inFolder(base, async (folder) => {
            const { events, summary } = await run(folder, toPipeline(random))
            const ends = expectLaws(random, events)
            const expected = expectedOf(random)
            expect(ends.map(inWords)).toEqual(expected)
            expect(summary.status).toBe(expected.every((end) => end === "done") ? "succeeded" : "failed")
            await expectRecovery(folder, random, ends)
          }),
        ),
        { numRuns: 30 },
      )
    },
    PATIENCE,
  )

  test(
    "a run that succeeds is found again as a whole, and one key is computed once",
    async () => {
      await fc.assert(
        fc.asyncProperty(randomPipeline(["fine", "flaky"]), (random) =>
          inFolder(base, async (folder) => {
            const cached = {
              ...random,
              sketches: random.sketches.map((one) => ({ ...one, cache: "on" as const })),
            }
            const first = await run(folder, toPipeline(cached))
            expectLaws(cached, first.events)
            const keys = first.events.flatMap((event) => (event._tag === "TaskSucceeded" ? [event.key] : []))
            expect(new Set(keys).size).toBe(keys.length)
            const second = await run(folder, toPipeline(cached))
            expect(startsIn(second.events)).toEqual([])
            expect(new Set(endsOf(cached, second.events))).toEqual(new Set(["TaskCached"]))
            expect(second.summary.tasks.map(({ outputs }) => outputs)).toEqual(
              first.summary.tasks.map(({ outputs }) => outputs),
            )
          }),
        ),
        { numRuns: 12 },
      )
    },
    PATIENCE,
  )

  test(
    "fail-fast begins nothing after the first failure",
    async () => {
      await fc.assert(
        fc.asyncProperty(randomPipeline(HOWS), (random) =>
          inFolder(base, async (folder) => {
            const { events, summary } = await run(folder, toPipeline(random), { failFast: true })
            const ends = expectLaws(random, events)
            const failure = events.findIndex(({ _tag }) => _tag === "TaskFailed")
            expect(failure >= 0).toBe(expectedOf(random).includes("failed"))
            if (failure < 0) return
            expect(startsIn(events.slice(failure))).toEqual([])
            expect(summary.status).toBe("failed")
            await expectRecovery(folder, random, ends)
          }),
        ),
        { numRuns: 20 },
      )
    },
    PATIENCE,
  )
})

/** Tasks of known length, each of which takes one slot. */
const timed = fc
  .tuple(randomPipeline(["fine"]), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 14, maxLength: 14 }))
  .map(([random, seconds]) => ({
    seconds,
    random: {
      works: random.sketches.map(() => ({ how: "fine" as const, pause: 1 })),
      sketches: random.sketches.map((one, place) => ({
        ...one,
        work: place,
        resources: [{ cpu: 1, memory: 1, gpu: 0, pools: {} }],
        cache: "on" as const,
      })),
    },
  }))

/** The seconds from the start of each task to the end of all that waits for it. */
const waysOf = (random: RandomPipeline, seconds: ReadonlyArray<number>): ReadonlyArray<number> => {
  const needs = needsOf(random)
  const wayOf = (place: number): number => {
    const rest = needs.flatMap((of, follower) => (of.includes(place) ? [wayOf(follower)] : []))
    return (seconds[place] ?? 0) + Math.max(0, ...rest)
  }
  return needs.map((_, place) => wayOf(place))
}

test(
  "with one slot, who has the longest way before it starts first",
  async () => {
    await fc.assert(
      fc.asyncProperty(timed, ({ random, seconds }) =>
        inFolder(base, async (folder) => {
          const pipeline = toPipeline(random)
          const known = Object.fromEntries(seconds.map((one, place) => [`${place}`, one]))
          writeLastTime(`${folder}/store`, pipeline.name, { keys: {}, seconds: known })
          const { events } = await run(folder, pipeline, { machine: { cpu: 1 } })
          const ways = waysOf(random, seconds)
          const needs = needsOf(random)
          const waiting = new Set(needs.keys())
          const done = new Set<number>()
          // What became free since the last start may come too late for this one.
          let before = new Set<number>()
          for (const event of events) {
            if (isDone(event) && "task" in event) done.add(Number(event.task))
            if (event._tag !== "TaskStarted") continue
            const ready = [...waiting].filter((place) => needs[place]?.every((need) => before.has(need)))
            const way = ways[Number(event.task)]
            expect(way).toBeGreaterThanOrEqual(Math.max(...ready.map((place) => ways[place] ?? 0)))
            waiting.delete(Number(event.task))
            before = new Set(done)
          }
          expect(waiting).toEqual(new Set())
        }),
      ),
      { numRuns: 12 },
    )
  },
  PATIENCE,
)
