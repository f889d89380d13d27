import { resolve } from "node:path"
import { Effect, type FileSystem } from "effect"
import type { TObject } from "typebox"
import { Diagnostics, type Span } from "../document/index.ts"
import {
  checkPath,
  InvalidPipeline,
  type Json,
  NAME_PATTERN,
  type NamedPath,
  OutputReference,
  type Pipeline,
  programTask,
  type Task,
} from "../pipeline/index.ts"
import type { AnyStage, OutputDefinition, StageWith } from "../stage/index.ts"
import { CallSites } from "./call-site.ts"
import type { StageSettings } from "./settings.ts"
import { ValueReader } from "./to-value.ts"
import type { Given, StageOutputs } from "./types.ts"
import { LocalPath, StageOutput } from "./values.ts"

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
  /** A file or folder of your own, relative to the pipeline's folder. */
  readonly path: (path: string) => LocalPath
}

/**
 * Defines a pipeline in TypeScript: the same one that a document would declare, with the same checks and the same cache
 * keys. Fails with all mistakes at once.
 *
 * @param declare declares the stages, and gives what the pipeline is run for
 *
 * @example
 * const pipeline = yield* definePipeline({ name: "pairs" }, (p) => {
 *   const scenes = p.stage("scenes", datasetScenes, { count: 0, seed: 7 })
 *   const score = p.stage("score", evaluateMmvp, { model: p.path("weights/clip"), benchmark: scenes.outputs.pairs })
 *   return { metrics: score.outputs.metrics }
 * })
 */
export const definePipeline = (
  header: PipelineHeader,
  declare: (builder: PipelineBuilder) => Readonly<Record<string, StageOutput>>,
): Effect.Effect<Pipeline, InvalidPipeline, FileSystem.FileSystem> => {
  const sites = new CallSites(resolve(header.folder ?? "."))
  const span = sites.of(definePipeline, header.name)
  return Effect.gen(function* () {
    const diagnostics = new Diagnostics()
    const definition = new Definition(sites, header.pools ?? {}, diagnostics)
    const outputs = declare(definition)
    checkName(header.name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/, span, diagnostics)
    if (!definition.hasStages) diagnostics.report(span, "the pipeline has no stages")
    const pipeline: Pipeline = {
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

const checkName = (name: string, pattern: RegExp, span: Span, diagnostics: Diagnostics): void => {
  if (pattern.test(name)) return
  diagnostics.report(span, `\`${name}\` can't be used as a name`, {
    hint: "names are letters, digits, - and _, and don't begin with a digit or -",
  })
}

/** The outputs of a stage, each with the kind that its definition says. */
function outputsOf<Outputs extends Readonly<Record<string, OutputDefinition>>>(
  owner: object,
  task: string,
  outputs: Outputs,
): StageOutputs<Outputs>
function outputsOf(
  owner: object,
  task: string,
  outputs: Readonly<Record<string, OutputDefinition>>,
): Readonly<Record<string, StageOutput>> {
  const entries = Object.entries(outputs)
  return Object.fromEntries(
    entries.map(([name, { kind }]) => [name, new StageOutput(owner, task, name, kind)]),
  )
}

const STAGE_NAME = new RegExp(NAME_PATTERN)

/** A pipeline on its way. */
class Definition implements PipelineBuilder {
  /** In the order of their declaration, which is one in which each comes after those it needs. */
  readonly tasks: Array<Task> = []
  readonly paths: Array<NamedPath> = []
  readonly #names = new Set<string>()
  readonly #sites: CallSites
  readonly #pools: ReadonlyMap<string, number>
  readonly #diagnostics: Diagnostics
  readonly #values: ValueReader

  constructor(sites: CallSites, pools: Readonly<Record<string, number>>, diagnostics: Diagnostics) {
    this.#sites = sites
    this.#pools = new Map(Object.entries(pools))
    this.#diagnostics = diagnostics
    this.#values = new ValueReader(this, diagnostics)
  }

  get hasStages(): boolean {
    return this.#names.size > 0
  }

  readonly path = (path: string): LocalPath => new LocalPath(path)

  readonly stage: PipelineBuilder["stage"] = (name, stage, input, settings = {}) => {
    const span = this.#sites.of(this.stage, name)
    checkName(name, STAGE_NAME, span, this.#diagnostics)
    if (this.#names.has(name)) this.#diagnostics.report(span, `there is a stage \`${name}\` already`)
    this.#names.add(name)
    this.#declare(name, stage, input, settings, span)
    return { name, outputs: outputsOf(this, name, stage.outputs) }
  }

  #declare(name: string, stage: AnyStage, input: unknown, settings: StageSettings, span: Span): void {
    const { needs = [], secrets = [], ...others } = settings
    for (const need of needs) {
      if (this.#names.has(need.name)) continue
      this.#diagnostics.report(span, `there is no stage \`${need.name}\` in this pipeline`)
    }
    const { task, paths } = programTask(
      {
        name,
        stage,
        input: this.#values.input(input, span),
        settings: this.#values.plain(others, span),
        secrets,
        needs: needs.map((need) => need.name),
        span,
      },
      this.#pools,
      this.#diagnostics,
    )
    if (task !== undefined) this.tasks.push(task)
    this.paths.push(...paths)
  }

  /** What the pipeline is run for. */
  references(outputs: Readonly<Record<string, StageOutput>>, span: Span): Pipeline["outputs"] {
    const entries = Object.entries(outputs).flatMap(([name, output]): Array<[string, OutputReference]> => {
      checkName(name, STAGE_NAME, span, this.#diagnostics)
      if (output instanceof StageOutput && output.owner === this) {
        return [[name, new OutputReference(output.task, output.output)]]
      }
      this.#diagnostics.report(span, `output \`${name}\` must be the output of a stage of this pipeline`)
      return []
    })
    return Object.fromEntries(entries)
  }
}
