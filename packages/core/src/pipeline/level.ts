import { type DocumentNode, entryOf, isText, type MapNode, type Span } from "../document/index.ts"
import type { Compilation, PreparedDocument } from "./compilation.ts"
import { type StageDeclaration, secretsOf, usedName } from "./declarations.ts"
import { neededStages } from "./dependencies.ts"
import type { WholeDocument } from "./documents.ts"
import { checkSecrets } from "./environment.ts"
import { evaluate } from "./evaluation.ts"
import { StageInput } from "./inputs.ts"
import type { MatrixValues } from "./member-index.ts"
import type { DocumentScope, OutputRequest, Scope } from "./names.ts"
import { OutputFinder } from "./outputs.ts"
import { type ParamSources, resolveParams } from "./params.ts"
import { type Json, OutputReference, type Task } from "./pipeline.ts"
import { type Pools, StageSettings } from "./settings.ts"
import { type Member, membersOf, placeholder, type StageWithMembers } from "./stage-members.ts"
import { describeValue, toJson, type Value } from "./value.ts"

/** Where a document is used: at the top, or as a group by a member of a stage. */
export interface Surroundings {
  /** What its tasks' ids begin with: `small[seed=1]/`. */
  readonly prefix: string
  /** The same without matrices: `small/`. */
  readonly keyPrefix: string
  readonly matrix: Readonly<Record<string, Json>>
  readonly secrets: ReadonlyArray<string>
  readonly pools: Pools
  /** Ids of the tasks that must come before all of its own. */
  readonly needs: ReadonlyArray<string>
  /** False within a member that is left out. */
  readonly isKept: boolean
}

/** A document with the values of its params, made into tasks. */
export interface Level {
  readonly params: ReadonlyMap<string, Value>
  readonly tasks: ReadonlyArray<Task>
  readonly outputs: ReadonlyMap<string, Value>
}

/** Makes a document into tasks. */
export const compileLevel = (
  document: WholeDocument,
  sources: ParamSources,
  surroundings: Surroundings,
  compilation: Compilation,
): Level => new LevelCompiler(document, sources, surroundings, compilation).compile()

class LevelCompiler {
  readonly #prepared: PreparedDocument
  readonly #scope: DocumentScope
  readonly #stages: ReadonlyMap<string, StageWithMembers>
  readonly #finder: OutputFinder
  readonly #surroundings: Surroundings
  readonly #compilation: Compilation
  readonly #tasks = new Map<string, ReadonlyArray<Task>>()
  /** What members of groups come to. */
  readonly #levels = new Map<Member, Level>()

  constructor(
    document: WholeDocument,
    sources: ParamSources,
    surroundings: Surroundings,
    compilation: Compilation,
  ) {
    const { diagnostics, options } = compilation
    this.#prepared = compilation.prepare(document)
    this.#surroundings = surroundings
    this.#compilation = compilation
    const { declarations, env, secrets } = this.#prepared
    const params = resolveParams(declarations.params, sources, options.resolvePath, diagnostics)
    const scope = { params, env, secrets }
    this.#scope = scope
    this.#stages = new Map(
      [...declarations.stages].map(([key, stage]) => [
        key,
        membersOf(stage, compilation.casesOf(stage, scope), scope, diagnostics),
      ]),
    )
    this.#finder = new OutputFinder(
      this.#stages,
      (stage, member, output) => this.#memberOutput(stage, member, output),
      diagnostics,
    )
  }

  compile(): Level {
    for (const key of this.#prepared.order) {
      const stage = this.#stages.get(key)
      if (stage !== undefined) this.#tasks.set(key, this.#compileStage(stage))
    }
    // As the document has them.
    const tasks = [...this.#stages.keys()].flatMap((key) => this.#tasks.get(key) ?? [])
    return { params: this.#scope.params, tasks, outputs: this.#outputs() }
  }

  #compileStage(stage: StageWithMembers): ReadonlyArray<Task> {
    const { declaration, members } = stage
    this.#checkStageSecrets(stage)
    if (!this.#compilation.countTasks(members?.length ?? 1, declaration.span)) return []
    return declaration.group === undefined
      ? this.#compileTasks(stage)
      : this.#compileGroup(stage, declaration.group)
  }

  #checkStageSecrets({ declaration, members }: StageWithMembers): void {
    if (!this.#surroundings.isKept || members?.every((member) => !member.isKept)) return
    const { options, diagnostics } = this.#compilation
    checkSecrets(secretsOf(declaration.node), this.#prepared.declarations, options.environment, diagnostics)
  }

  #compileTasks(stage: StageWithMembers): ReadonlyArray<Task> {
    const { declaration } = stage
    const { options, diagnostics, paths } = this.#compilation
    const { definition, key, span, location } = declaration
    const secrets = this.#secretsOf(declaration)
    const settings = new StageSettings(declaration, this.#scope, secrets, this.#pools(), diagnostics)
    const input = inputOf(declaration)
    const place = inputPlace(declaration)
    const stageInput =
      definition === undefined || input === undefined
        ? undefined
        : new StageInput(definition, input, place, options.resolvePath, diagnostics)
    const tasks: Array<Task> = []
    for (const member of membersToCheck(stage)) {
      const settled = settings.of(member.values)
      const scope = this.#inputScope(member)
      // Its references are checked even where nothing is known of the stage that takes them.
      if (stageInput === undefined && input !== undefined) evaluate(input, scope, diagnostics)
      const checked = stageInput?.check(scope)
      if (checked === undefined || !this.#isKept(stage, member)) continue
      paths.push(...checked.paths)
      if (definition === undefined || settled === undefined || checked.input === undefined) continue
      const needs = this.#needs(declaration, member, checked.references)
      if (!this.#compilation.countNeeds(needs.length, span)) return tasks
      tasks.push({
        id: this.#surroundings.prefix + member.id,
        key: this.#surroundings.keyPrefix + key,
        matrix: this.#matrixOf(member.values),
        stage: definition,
        input: checked.input,
        needs,
        ...settled,
        location,
      })
    }
    return tasks
  }

  #compileGroup(stage: StageWithMembers, group: WholeDocument): ReadonlyArray<Task> {
    const { declaration } = stage
    const { options, diagnostics } = this.#compilation
    const input = inputOf(declaration)
    if (input === undefined) return []
    const usage = `in this use of \`${usedName(declaration)}\``
    const tasks: Array<Task> = []
    for (const member of membersToCheck(stage)) {
      const scope = this.#inputScope(member)
      const value = evaluate(input, scope, diagnostics)
      const sources: ParamSources = {
        files: [value],
        isComplete: true,
        place: inputPlace(declaration),
        given: [],
        workingFolder: options.workingFolder,
      }
      const surroundings = this.#surroundingsOf(stage, member)
      const level = diagnostics.within(declaration.span, usage, () =>
        compileLevel(group, sources, surroundings, this.#compilation),
      )
      this.#levels.set(member, level)
      for (const task of level.tasks) tasks.push(task)
    }
    return tasks
  }

  #surroundingsOf(stage: StageWithMembers, member: Member): Surroundings {
    const { declaration } = stage
    return {
      prefix: `${this.#surroundings.prefix}${member.id}/`,
      keyPrefix: `${this.#surroundings.keyPrefix}${declaration.key}/`,
      matrix: this.#matrixOf(member.values),
      secrets: this.#secretsOf(declaration),
      pools: this.#pools(),
      needs: this.#needs(declaration, member, []),
      isKept: this.#isKept(stage, member),
    }
  }

  #inputScope(member: Member): Scope {
    const consumer = this.#surroundings.isKept ? member : { ...member, isKept: false }
    const output = (request: OutputRequest) => this.#finder.find(request, consumer)
    const { params, env, secrets } = this.#scope
    return { place: "`with`", params, env, secrets, matrix: member.values, output }
  }

  #isKept({ members }: StageWithMembers, member: Member): boolean {
    return members !== undefined && member.isKept && this.#surroundings.isKept
  }

  #secretsOf({ node }: StageDeclaration): ReadonlyArray<string> {
    const own = [...this.#prepared.declarations.secrets, ...secretsOf(node)].map(({ value }) => value)
    return [...this.#surroundings.secrets, ...own]
  }

  #pools(): Pools {
    const { pools } = this.#prepared
    return new Map([...pools, ...this.#surroundings.pools])
  }

  #matrixOf(values: MatrixValues): Readonly<Record<string, Json>> {
    const matrix: { [key: string]: Json } = { ...this.#surroundings.matrix }
    for (const [name, value] of values) matrix[name] = toJson(value)
    return matrix
  }

  /** Ids of what a member comes after. */
  #needs(
    declaration: StageDeclaration,
    member: Member,
    references: ReadonlyArray<string>,
  ): ReadonlyArray<string> {
    const needed = neededStages(declaration.node)
    if (needed.length === 0 && this.#surroundings.needs.length === 0) {
      return references.length < 2 ? references : [...new Set(references)]
    }
    const ids = needed.flatMap(({ value }) => this.#idsOf(value, member.values))
    return [...new Set([...references, ...ids, ...this.#surroundings.needs])]
  }

  /** Ids of the tasks of those members of a stage that agree with the given values. */
  #idsOf(key: string, values: MatrixValues): ReadonlyArray<string> {
    const stage = this.#stages.get(key)
    if (stage === undefined) return []
    const members = stage.index.agreeing(values).filter((member) => member.isKept)
    return stage.declaration.group === undefined
      ? members.map(({ id }) => this.#surroundings.prefix + id)
      : members.flatMap((member) => this.#levels.get(member)?.tasks.map(({ id }) => id) ?? [])
  }

  #memberOutput({ declaration }: StageWithMembers, member: Member, output: string): Value {
    const { definition, span } = declaration
    if (definition === undefined) {
      // A group in a circle has no level.
      return this.#levels.get(member)?.outputs.get(output) ?? { kind: "unknown", span }
    }
    const reference = new OutputReference(this.#surroundings.prefix + member.id, output)
    return { kind: "artefact", reference, artefact: definition.outputs[output]?.kind ?? "", text: "", span }
  }

  #outputs(): ReadonlyMap<string, Value> {
    const consumer = { values: new Map(), isKept: this.#surroundings.isKept }
    const output = (request: OutputRequest) => this.#finder.find(request, consumer)
    return new Map(
      [...this.#prepared.declarations.outputs].flatMap(([name, { value: node }]): Array<[string, Value]> => {
        if (!isText(node)) return []
        const value = evaluate(node, { place: "`outputs`", output }, this.#compilation.diagnostics)
        return [[name, this.#checkedOutput(name, value)]]
      }),
    )
  }

  #checkedOutput(name: string, value: Value): Value {
    if (value.kind === "artefact" || value.kind === "unknown") return value
    const { diagnostics } = this.#compilation
    const { span } = value
    if (value.kind === "artefacts") {
      const message = `output \`${name}\` must be one artefact, but \`${value.text}\` is a list`
      diagnostics.report(span, message, { hint: "gather the list in a stage, and take that stage's output" })
    } else {
      const message = `output \`${name}\` must be the output of a stage, not ${describeValue(value)}`
      diagnostics.report(span, message, { hint: `write \${{ stages.STAGE.outputs.OUTPUT }}` })
    }
    return { kind: "unknown", span }
  }
}

/** A stage whose members aren't known, or are none, is checked all the same. */
const membersToCheck = ({ declaration, matrix, members }: StageWithMembers): ReadonlyArray<Member> =>
  members !== undefined && members.length > 0
    ? members
    : [{ id: declaration.key, values: placeholder(matrix, declaration.span), isKept: false }]

/** What `with` says, nothing when it isn't there; undefined when it isn't a map, which was reported. */
const inputOf = ({ node, span }: StageDeclaration): MapNode<DocumentNode> | undefined => {
  const given = entryOf(node, "with")
  if (given?.kind === "map") return given
  const isAbsent = given === undefined || (given.kind === "scalar" && given.value === null)
  return isAbsent ? { kind: "map", entries: new Map(), span } : undefined
}

/** Missing inputs are missing from `with`, or from the stage when there is no `with`. */
const inputPlace = ({ node, span }: StageDeclaration): Span =>
  (node.kind === "map" ? node.entries.get("with")?.key : undefined) ?? span
