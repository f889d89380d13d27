import type { Location } from "../document/index.ts"
import type { AnyStage, Resources } from "../stage/index.ts"

/** What JSON can say. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * A document made whole: parameters filled in, matrices spread out, everything checked.
 *
 * @typeParam Output the names of its outputs, where the types know them
 */
export interface Pipeline<Output extends string = string> {
  /** The document's `name`, or its file's name without extension. */
  readonly name: string
  readonly description: string
  /** The document's file, as the user named it. */
  readonly file: string
  /** All files that it was read from, as users name them: with imports, overlays, parameters, cases; its own first. */
  readonly documents: ReadonlyArray<string>
  readonly params: Readonly<Record<string, Json>>
  /** What its pools hold, by their names; `network` among them where the document limits it. */
  readonly pools: Readonly<Record<string, number>>
  /** In an order in which every task comes after those it needs. */
  readonly tasks: ReadonlyArray<Task>
  /** What the pipeline is run for: placed into `results/<name>/<output>` at its end. */
  readonly outputs: Readonly<Record<Output, OutputReference>>
}

/** One stage with one member of its matrix: what runs, or is found in the store. */
export interface Task {
  /** The stage's key in the document, with its matrix member: `train`, `train[seed=1,view=class]`. */
  readonly id: string
  /** The stage's key in the document. */
  readonly key: string
  readonly matrix: Readonly<Record<string, Json>>
  readonly stage: AnyStage
  /** `with`, complete with defaults; artefacts are references or absolute paths. */
  readonly input: { readonly [key: string]: InputValue }
  /** Ids of the tasks that must come before: those of the references and of `needs`. */
  readonly needs: ReadonlyArray<string>
  readonly retry: RetryPolicy
  /** Seconds an attempt may take. */
  readonly timeout: number | undefined
  /** What each attempt holds, the first one first; the last entry holds for all further attempts. Never empty. */
  readonly resources: ReadonlyArray<Resources>
  /** `read-only` takes results from the store but leaves none there; `off` runs every time. */
  readonly cache: "on" | "read-only" | "off"
  /** Environment variables that the document gives it, part of its key. */
  readonly environment: Readonly<Record<string, string>>
  /** Names of environment variables that hold secrets: handed on, masked, and no part of its key. */
  readonly secrets: ReadonlyArray<string>
  /** Where the document declares the stage. */
  readonly location: Location
}

/** A value of a task's input: JSON whose leaves may be artefacts. */
export type InputValue =
  | string
  | number
  | boolean
  | null
  | OutputReference
  | SourcePath
  | ReadonlyArray<InputValue>
  | { readonly [key: string]: InputValue }

/** An output of a task of this pipeline. */
export class OutputReference {
  readonly task: string
  readonly output: string
  constructor(task: string, output: string) {
    this.task = task
    this.output = output
  }
}

/** A file or folder of the user's own that is an input artefact. */
export class SourcePath {
  /** Absolute. */
  readonly path: string
  readonly location: Location
  constructor(path: string, location: Location) {
    this.path = path
    this.location = location
  }
}

/** The reasons for which a failed attempt may be followed by another one. */
export type RetryableReason = "transient" | "crash" | "timeout"

/** How often and how patiently a task is tried again after a failure of one kind. */
export interface RetryRule {
  /** The last attempt that such a failure lets happen; 1 means no second try. */
  readonly attempts: number
  /** Seconds before the second attempt; doubled, with jitter, before each further one. */
  readonly delay: number
  /** The longest wait, in seconds. */
  readonly longest: number
}

/** A rule for each kind of failure. */
export type RetryPolicy = Readonly<Record<RetryableReason, RetryRule>>
