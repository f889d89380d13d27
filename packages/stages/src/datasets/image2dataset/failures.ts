import { permanent, StageFailure, transient } from "@diva-pipeline/core"
import { Effect } from "effect"
import { commonestReasons, type Statistics } from "./statistics.ts"

/** Runs a promise whose StageFailures are expected; anything else that it throws is a defect. */
export const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, StageFailure> =>
  Effect.promise(run).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof StageFailure ? Effect.fail(defect) : Effect.die(defect),
    ),
  )

/** The network is gone, or was never there. */
export const noNetwork = (statistics: Statistics): StageFailure =>
  transient(`no server could be reached: ${commonestReasons(statistics)}`, {
    hint: "check the network; finished shards are kept, and the next run continues after them",
  })

/** Every URL failed. */
export const nothingDownloaded = (statistics: Statistics, list: string): StageFailure =>
  statistics.unreachable === statistics.count
    ? noNetwork(statistics)
    : permanent(`none of the ${statistics.count} images came: ${commonestReasons(statistics)}`, {
        hint: "try some of the URLs by hand; min-image-size, max-image-area and max-aspect-ratio refuse images too",
        file: list,
      })
