import { Data, type Effect } from "effect"
import type { AnyStage } from "./registry.ts"

/** The code of a stage that is no part of the program. */
export interface StageModule {
  /** Absolute: one file with all of it but packages. It is named by its content, and so never changes. */
  readonly file: string
  /** The digest of what it was made from: part of the cache key. */
  readonly digest: string
  /** As people know it: `stages/blur.ts`, `diva-pipeline-blur 1.2.0`. */
  readonly source: string
}

/** Why a stage of the user's can't be used. */
export class StageUnusable extends Data.TaggedError("StageUnusable")<{
  readonly message: string
  /** What the reader can do. */
  readonly hint?: string
  /** The place that is at fault, where it is known: an absolute path; line and column count from 1. */
  readonly at?: { readonly file: string; readonly line: number; readonly column: number }
}> {}

/**
 * Finds the stage that `uses` names by a file (`./stages/blur.ts`) or a package (`package:diva-pipeline-blur/gaussian`),
 * seen from an absolute folder.
 */
export type LoadStage = (uses: string, folder: string) => Effect.Effect<AnyStage, StageUnusable>

/** Whether `uses` names a stage by its file or its package, and not by its name alone. */
export const isModuleName = (uses: string): boolean =>
  uses.startsWith("package:") || (/^\.{0,2}\//.test(uses) && /\.[cm]?[jt]s$/.test(uses))
