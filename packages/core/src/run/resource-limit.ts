import { Effect } from "effect"
import type { Resources } from "../stage/index.ts"

/** Shares out a machine's resources among tasks. */
export interface ResourceLimit {
  /** Runs an effect while it holds resources, waiting for them first. */
  readonly hold: <A, E, R>(need: Resources, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whether a need is more than the whole machine; such a task gets all of it, and so runs alone. */
  readonly exceeds: (need: Resources) => boolean
}

interface Waiting {
  readonly need: Resources
  readonly start: () => void
}

const KINDS = ["cpu", "memory", "gpu"] as const

/** First come, first served: a task that needs much is not overtaken by small ones for ever. */
export const makeResourceLimit = (machine: Resources): ResourceLimit => {
  const free = { ...machine }
  const queue: Array<Waiting> = []

  const exceeds = (need: Resources): boolean => KINDS.some((kind) => need[kind] > machine[kind])
  const fits = (need: Resources): boolean => KINDS.every((kind) => need[kind] <= free[kind])
  const change = (need: Resources, sign: 1 | -1): void => {
    for (const kind of KINDS) free[kind] += sign * need[kind]
  }
  const startNext = (): void => {
    for (let first = queue[0]; first !== undefined && fits(first.need); first = queue[0]) {
      queue.shift()
      change(first.need, -1)
      first.start()
    }
  }

  const take = (need: Resources): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      let started = false
      const waiting: Waiting = {
        need,
        start: () => {
          started = true
          resume(Effect.void)
        },
      }
      queue.push(waiting)
      startNext()
      return Effect.sync(() => {
        if (started) change(need, 1)
        else queue.splice(queue.indexOf(waiting), 1)
        startNext()
      })
    })
  const give = (need: Resources): Effect.Effect<void> =>
    Effect.sync(() => {
      change(need, 1)
      startNext()
    })

  const hold: ResourceLimit["hold"] = (need, effect) =>
    Effect.suspend(() => {
      const share = exceeds(need) ? machine : need
      return Effect.uninterruptibleMask((restore) =>
        Effect.andThen(restore(take(share)), Effect.ensuring(restore(effect), give(share))),
      )
    })
  return { hold, exceeds }
}
