import type { Diagnostics, Span } from "../document/index.ts"
import {
  MemberNames,
  NAME_PATTERN,
  type NamedPath,
  OutputReference,
  type Pipeline,
  programTask,
  type Task,
  toJson,
} from "../pipeline/index.ts"
import type { AnyStage, OutputDefinition } from "../stage/index.ts"
import type { CallSites } from "./call-site.ts"
import type { PipelineBuilder } from "./define-pipeline.ts"
import { agreeing, gather, memberValues } from "./matrix.ts"
import type { StageSettings } from "./settings.ts"
import { ValueReader } from "./to-value.ts"
import type { StageOutputs } from "./types.ts"
import { LocalPath, StageOutput } from "./values.ts"

/** Reports a name that documents could not use. */
export const checkName = (name: string, pattern: RegExp, span: Span, diagnostics: Diagnostics): void => {
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

/** What a task is called, and the member of a matrix that it is. */
type Place = Pick<Task, "id" | "key" | "matrix">

/** A pipeline on its way. */
export class Definition implements PipelineBuilder {
  /** In the order of their declaration, which is one in which each comes after those it needs. */
  readonly tasks: Array<Task> = []
  readonly paths: Array<NamedPath> = []
  /** Ids of the tasks that a stage, or a member of one, stands for. */
  readonly #ids = new Map<string, ReadonlyArray<string>>()
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
    return this.#ids.size > 0
  }

  readonly path = (path: string): LocalPath => new LocalPath(path)

  readonly stage: PipelineBuilder["stage"] = (name, stage, input, settings = {}) => {
    const span = this.#sites.of(this.stage, name)
    this.#claim(name, [name], span)
    this.#declare({ id: name, key: name, matrix: {} }, stage, input, settings, span)
    return { name, outputs: outputsOf(this, name, stage.outputs) }
  }

  readonly matrix: PipelineBuilder["matrix"] = (name, matrix, stage, input, settings = {}) => {
    const span = this.#sites.of(this.matrix, name)
    const places = this.#places(name, memberValues(matrix), span)
    this.#claim(
      name,
      places.map(({ place }) => place.id),
      span,
    )
    const members = places.map(({ place, values }) => {
      const own = typeof settings === "function" ? settings(values) : settings
      this.#declare(place, stage, input(values), own, span)
      return { name: place.id, values, outputs: outputsOf(this, place.id, stage.outputs) }
    })
    const at = (values: Partial<(typeof members)[number]["values"]>) => {
      const found = agreeing(members, values)
      if (found.length !== 1) {
        const count = found.length === 0 ? "no member" : `${found.length} members`
        const message = `stage \`${name}\` has ${count} with ${JSON.stringify(values)}`
        this.#diagnostics.report(this.#sites.of(at, name), message, {
          hint: "give the values of one member, or take what is needed from `members`",
        })
      }
      return found[0] ?? { name, values, outputs: outputsOf(this, name, stage.outputs) }
    }
    return { name, members, outputs: gather(stage.outputs, members), at }
  }

  /** What the members of a matrix are called: as a document's are. */
  #places<Values>(
    name: string,
    members: ReadonlyArray<Values>,
    span: Span,
  ): ReadonlyArray<{ readonly values: Values; readonly place: Place }> {
    const located = members.map((values) => {
      const { entries } = this.#values.input(values, span)
      return new Map([...entries].map(([key, { value }]) => [key, value]))
    })
    const names = new MemberNames(located, new Set())
    const ids = new Set<string>()
    return members.flatMap((values, index) => {
      const known = located[index]
      if (known === undefined) return []
      const id = known.size === 0 ? name : `${name}[${names.nameOf(known)}]`
      if (ids.has(id)) this.#diagnostics.report(span, `the matrix has the member \`${id}\` twice`)
      ids.add(id)
      const matrix = Object.fromEntries([...known].map(([key, value]) => [key, toJson(value)]))
      return [{ values, place: { id, key: name, matrix } }]
    })
  }

  #claim(name: string, ids: ReadonlyArray<string>, span: Span): void {
    checkName(name, STAGE_NAME, span, this.#diagnostics)
    if (this.#ids.has(name)) this.#diagnostics.report(span, `there is a stage \`${name}\` already`)
    this.#ids.set(name, ids)
    for (const id of ids) if (id !== name) this.#ids.set(id, [id])
  }

  #declare(place: Place, stage: AnyStage, input: unknown, settings: StageSettings, span: Span): void {
    const { needs = [], secrets = [], ...others } = settings
    const { task, paths } = programTask(
      {
        ...place,
        stage,
        input: this.#values.input(input, span),
        settings: this.#values.plain(others, span),
        secrets,
        needs: needs.flatMap((need) => this.#idsOf(need.name, span)),
        span,
      },
      this.#pools,
      this.#diagnostics,
    )
    if (task !== undefined) this.tasks.push(task)
    this.paths.push(...paths)
  }

  #idsOf(name: string, span: Span): ReadonlyArray<string> {
    const ids = this.#ids.get(name)
    if (ids === undefined) {
      this.#diagnostics.report(span, `there is no stage \`${name}\` in this pipeline`)
    }
    return ids ?? []
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
