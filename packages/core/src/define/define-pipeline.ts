import { resolve } from "node:path"
import { Effect, type FileSystem } from "effect"
import type { TObject } from "typebox"
import { Diagnostics } from "../document/index.ts"
import { checkPath, InvalidPipeline, type Json, type Pipeline } from "../pipeline/index.ts"
import type { OutputDefinition, StageWith } from "../stage/index.ts"
import { CallSites } from "./call-site.ts"
import { checkName, Definition } from "./definition.ts"
import type { DefinedMatrix, MatrixAxes, MatrixCases, MemberValues } from "./matrix.ts"
import type { StageSettings } from "./settings.ts"
import type { Given, StageOutputs } from "./types.ts"
import type { LocalPath, StageOutput } from "./values.ts"

/** What a pipeline is called, and what else is said of it as a whole. */
export interface PipelineHeader {
  /** Letters, digits, `.`, `_` and `-`. */
  readonly name: string
  /** One line for people. */
  readonly description?: string
  /** What relative paths are relative to; the working folder when absent. */
  readonly folder?: string
  /** What the program was given, for the history of runs. */
  readonly params?: Readonly<Record<string, Json>>
  /** What the pools hold that stages take shares of. */
  readonly pools?: Readonly<Record<string, number>>
}

/** A stage of a pipeline that is being defined. */
export interface DefinedStage<Outputs extends Readonly<Record<string, OutputDefinition>>> {
  readonly name: string
  readonly outputs: StageOutputs<Outputs>
}

/** Declares the stages of one pipeline. */
export interface PipelineBuilder {
  /**
   * Declares a stage.
   *
   * @param name its name in this pipeline: letters, digits, `-` and `_`
   * @param input what a document says under `with`; artefacts are outputs of other stages, or paths
   */
  readonly stage: <Input extends TObject, const Outputs extends Readonly<Record<string, OutputDefinition>>>(
    name: string,
    stage: StageWith<Input, Outputs>,
    input: Given<Input>,
    settings?: StageSettings,
  ) => DefinedStage<Outputs>
  /**
   * Declares a stage once for each member of a matrix; its tasks are named as a document's: `train[seed=1]`.
   *
   * @param matrix a list of values for each key, or the members themselves
   * @param input gives a member's input, by its values
   *
   * @example
   * const train = p.matrix("train", { seed: [1, 2, 3] }, trainDiva, ({ seed }) => ({ model, images, seed }))
   * const all = train.outputs.weights
   */
  readonly matrix: <
    const Matrix extends MatrixAxes | MatrixCases,
    Input extends TObject,
    const Outputs extends Readonly<Record<string, OutputDefinition>>,
  >(
    name: string,
    matrix: Matrix,
    stage: StageWith<Input, Outputs>,
    input: (values: MemberValues<Matrix>) => Given<Input>,
    settings?: StageSettings | ((values: MemberValues<Matrix>) => StageSettings),
  ) => DefinedMatrix<MemberValues<Matrix>, Outputs>
  /** A file or folder of your own, relative to the pipeline's folder. */
  readonly path: (path: string) => LocalPath
}

/**
 * Defines a pipeline in TypeScript: the same one that a document would declare, with the same checks and the same cache
 * keys. Fails with all mistakes at once.
 *
 * @param declare declares the stages, and gives what the pipeline is run for
 * @typeParam Output the names of what it is run for
 *
 * @example
 * const pipeline = yield* definePipeline({ name: "pairs" }, (p) => {
 *   const scenes = p.stage("scenes", datasetScenes, { count: 0, seed: 7 })
 *   const score = p.stage("score", evaluateMmvp, { model: p.path("weights/clip"), benchmark: scenes.outputs.pairs })
 *   return { metrics: score.outputs.metrics }
 * })
 */
export const definePipeline = <Output extends string>(
  header: PipelineHeader,
  declare: (builder: PipelineBuilder) => Readonly<Record<Output, StageOutput>>,
): Effect.Effect<Pipeline<Output>, InvalidPipeline, FileSystem.FileSystem> => {
  const sites = new CallSites(resolve(header.folder ?? "."))
  const span = sites.of(definePipeline, header.name)
  return Effect.gen(function* () {
    const diagnostics = new Diagnostics()
    const definition = new Definition(sites, header.pools ?? {}, diagnostics)
    const outputs = declare(definition)
    checkName(header.name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/, span, diagnostics)
    if (!definition.hasStages) diagnostics.report(span, "the pipeline has no stages")
    const pipeline: Pipeline<Output> = {
      name: header.name,
      description: header.description ?? "",
      file: span.source.file,
      documents: [span.source.file],
      params: header.params ?? {},
      pools: header.pools ?? {},
      tasks: definition.tasks,
      outputs: definition.references(outputs, span),
    }
    for (const named of definition.paths) checkPath(named, diagnostics)
    if (!diagnostics.isEmpty) return yield* new InvalidPipeline({ diagnostics: diagnostics.sorted() })
    return pipeline
  })
}
