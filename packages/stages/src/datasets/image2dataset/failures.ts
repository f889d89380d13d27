import { permanent, StageFailure, transient } from "@diva-pipeline/core"
import { Effect } from "effect"
import { shapeDifference } from "./shape.ts"
import { commonestReasons, type Statistics } from "./shards/index.ts"

/** Runs a promise whose StageFailures are expected; a full disk is one; anything else that it throws is a defect. */
export const attempt = <A>(run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, StageFailure> =>
  Effect.promise(run).pipe(
    Effect.catchDefect((defect) => {
      if (defect instanceof StageFailure) return Effect.fail(defect)
      const failure = ofDisk(defect)
      return failure === undefined ? Effect.die(defect) : Effect.fail(failure)
    }),
  )

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "a file would become too large for the file system",
  EIO: "the disk cannot be read or written",
  EROFS: "the disk can only be read",
  EACCES: "it may not be written to",
}

const ofDisk = (defect: unknown): StageFailure | undefined => {
  const code = defect instanceof Error && "code" in defect ? String(defect.code) : ""
  const words = DISK[code]
  if (words === undefined) return undefined
  const path = defect instanceof Error && "path" in defect ? ` (${defect.path})` : ""
  return permanent(`the shards cannot be written: ${words}${path}`, {
    hint: "finished shards are kept; make room, and run the same again",
  })
}

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

/** A folder has shards that were made otherwise. */
export const otherOptions = (folder: string, before: string, now: string): StageFailure =>
  permanent(
    `${folder} holds shards that were made with other options: ${shapeDifference(before, now).join(", ")}`,
    {
      hint: "use another folder, the same options, or --incremental_mode overwrite",
    },
  )

/** A shard of which nothing is in the list any more was made from another list, and is not thrown away for this one. */
export const otherList = (shard: string): StageFailure =>
  permanent(`${shard} was made from another list: none of its rows is in this one`, {
    hint: "use another folder, or --incremental_mode overwrite or extend",
  })
