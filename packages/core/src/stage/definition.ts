import type { Effect } from "effect"
import type { Static, TObject } from "typebox"
import type { StageContext } from "./context.ts"
import type { StageFailure } from "./failure.ts"
import type { StageModule } from "./module.ts"

/** One output of a stage. */
export interface OutputDefinition {
  /** What it is, matched against the kinds that the inputs of later stages accept. */
  readonly kind: string
  /** One line for people. */
  readonly description: string
  /** The file's name when the output is one file; without it the output is a folder. */
  readonly file?: string
}

/** What a task holds while it runs. */
export interface Resources {
  /** Cores. */
  readonly cpu: number
  /** Main memory, in MB. */
  readonly memory: number
  /** Graphics processors. */
  readonly gpu: number
  /** Shares of pools, by their names: `network`, or what the pipeline declares. */
  readonly pools: Readonly<Record<string, number>>
}

/**
 * A stage: a named, versioned function from checked input to declared outputs.
 *
 * @typeParam Input the TypeBox schema of `with`; `artefact()` marks the inputs that are artefacts
 * @typeParam Output the names of the outputs
 */
export interface StageDefinition<Input extends TObject = TObject, Output extends string = string> {
  /** `group/name`, as `uses` says it. */
  readonly name: string
  /** Raised whenever the same input gives other outputs than before. */
  readonly version: number
  /** One line for people. */
  readonly summary: string
  readonly input: Input
  readonly outputs: Readonly<Record<Output, OutputDefinition>>
  /** What a task needs when the pipeline doesn't say; `{ cpu: 1, memory: 256, gpu: 0, pools: {} }` when absent. */
  readonly resources?: Partial<Resources>
  /** `inline` runs in the engine's process, `host` in a process of its own: tensor work, or what may crash. */
  readonly isolation: "inline" | "host"
  /** Secrets that the stage uses where they are set: names of environment variables, no part of the cache key. */
  readonly secrets?: ReadonlyArray<string>
  /** What of the machine the outputs depend on, part of the cache key: `tensor-backend`. */
  readonly environment?: ReadonlyArray<string>
  /** Whether `context.previous` is wanted, which makes nothing but the way to the outputs shorter. */
  readonly usesPrevious?: boolean
  /** Where its code is, when it is no part of the program; the engine says so, not the stage. */
  readonly module?: StageModule
  readonly run: (input: Static<Input>, context: StageContext<Output>) => Effect.Effect<void, StageFailure>
}

/** A stage with what its outputs are, as far as the types know. */
export type StageWith<
  Input extends TObject,
  Outputs extends Readonly<Record<string, OutputDefinition>>,
> = StageDefinition<Input, keyof Outputs & string> & { readonly outputs: Outputs }

/** Defines a stage, inferring the types of its input and outputs. */
export const defineStage = <
  const Input extends TObject,
  const Outputs extends Readonly<Record<string, OutputDefinition>>,
>(
  definition: StageWith<Input, Outputs>,
): StageWith<Input, Outputs> => definition
