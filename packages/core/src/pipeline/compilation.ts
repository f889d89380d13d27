import { type Diagnostics, entryOf, type Span } from "../document/index.ts"
import type { StageRegistry } from "../stage/index.ts"
import { type Cases, NO_CASES } from "./cases.ts"
import { type Declarations, declarationsOf, type StageDeclaration, secretsOf } from "./declarations.ts"
import { checkNeeds, dependencyOrder } from "./dependencies.ts"
import type { WholeDocument } from "./documents.ts"
import { checkSecrets, type Environment, environmentValues } from "./environment.ts"
import { evaluate } from "./evaluation.ts"
import type { NamedPath } from "./inputs.ts"
import type { ModuleStages } from "./module-stages.ts"
import type { DocumentScope } from "./names.ts"
import type { ResolvePath } from "./params.ts"
import type { Value } from "./value.ts"

/** Tasks of one pipeline. */
const MOST_TASKS = 250_000
/** References from tasks to others that they need, in all. */
const MOST_NEEDS = 5_000_000

/** What a document is made into a pipeline with. */
export interface CompileOptions {
  readonly registry: StageRegistry
  readonly modules: ModuleStages
  readonly resolvePath: ResolvePath
  readonly environment: Environment
  /** Absolute. */
  readonly workingFolder: string
  /** The files of cases that were read, by absolute path. */
  readonly caseFiles: ReadonlyMap<string, CaseFile>
}

/** A file of cases, read: the cases, or why there are none. */
export type CaseFile =
  | { readonly cases: Cases; readonly diagnostics: Diagnostics }
  | { readonly problem: string }

/** What is worked out once for a document, however often it is used. */
export interface PreparedDocument {
  readonly declarations: Declarations
  /** The stages' keys; each comes after those that it depends on. */
  readonly order: ReadonlyArray<string>
  readonly env: ReadonlyMap<string, Value>
  /** Names of all secrets in it. */
  readonly secrets: ReadonlySet<string>
  readonly pools: ReadonlyMap<string, number>
}

/** What the documents of one pipeline share while they are compiled. */
export class Compilation {
  readonly options: CompileOptions
  readonly diagnostics: Diagnostics
  /** Files that have to be there. */
  readonly paths: Array<NamedPath> = []
  /** Files of cases that have yet to be read. */
  readonly wanted = new Set<string>()
  readonly pools = new Map<string, number>()
  readonly #prepared = new Map<WholeDocument, PreparedDocument>()
  #tasks = 0
  #needs = 0

  constructor(options: CompileOptions, diagnostics: Diagnostics) {
    this.options = options
    this.diagnostics = diagnostics
  }

  prepare(document: WholeDocument): PreparedDocument {
    const known = this.#prepared.get(document)
    if (known !== undefined) return known
    const { registry, modules, resolvePath, environment, workingFolder } = this.options
    const declarations = declarationsOf(document, { registry, modules }, resolvePath, this.diagnostics)
    checkNeeds(declarations.stages, this.diagnostics)
    checkSecrets(declarations.secrets, declarations, environment, this.diagnostics)
    const ofStages = [...declarations.stages.values()].flatMap(({ node }) => secretsOf(node))
    const pools = poolsOf(declarations)
    const prepared = {
      declarations,
      order: dependencyOrder(declarations.stages, this.diagnostics),
      env: environmentValues(declarations, environment, workingFolder, this.diagnostics),
      secrets: new Set([...declarations.secrets, ...ofStages].map(({ value }) => value)),
      pools,
    }
    // A pool that several documents declare is as large as the outermost of them says.
    for (const [name, size] of pools) if (!this.pools.has(name)) this.pools.set(name, size)
    this.#prepared.set(document, prepared)
    return prepared
  }

  /** The cases of a stage's `foreach`; undefined when it has none. */
  casesOf({ node }: StageDeclaration, scope: DocumentScope): Cases | undefined {
    const foreach = entryOf(node, "foreach")
    if (foreach === undefined) return undefined
    const unknown: Cases = { ...NO_CASES, rows: undefined }
    const value = evaluate(foreach, { place: "`foreach`", ...scope }, this.diagnostics)
    // What isn't a text was reported with the document's shape, unless a param gives it.
    if (value.kind !== "scalar" || typeof value.value !== "string") {
      if (value.kind !== "unknown")
        this.diagnostics.report(value.span, "`foreach` takes the path of a file of cases")
      return unknown
    }
    const path = this.options.resolvePath((value.origin ?? value.span).source.folder, value.value)
    const file = this.options.caseFiles.get(path)
    if (file === undefined) {
      this.wanted.add(path)
      return unknown
    }
    if ("cases" in file) {
      this.diagnostics.include(file.diagnostics)
      return file.cases
    }
    // What the cases would have had isn't known.
    this.diagnostics.expectMissingNames()
    const hint = path === value.value ? undefined : `a path is relative to the file that says it: ${path}`
    this.diagnostics.report(value.span, `\`${value.value}\` ${file.problem}`, { hint })
    return unknown
  }

  /** Counts tasks before they are made; false when they are too many. */
  countTasks(count: number, span: Span): boolean {
    this.#tasks += count
    if (this.#tasks <= MOST_TASKS) return true
    this.diagnostics.report(span, `a pipeline may have ${MOST_TASKS} tasks; with these it has more`)
    return false
  }

  /** Counts what tasks need; false when that is too much. */
  countNeeds(count: number, span: Span): boolean {
    this.#needs += count
    if (this.#needs <= MOST_NEEDS) return true
    const message = `the tasks of a pipeline may need ${MOST_NEEDS} others in all; with these they need more`
    this.diagnostics.report(span, message, {
      hint: "gather a list in one stage, and take that stage's output",
    })
    return false
  }
}

const poolsOf = ({ pools }: Declarations): ReadonlyMap<string, number> =>
  new Map(
    [...pools].flatMap(([name, { value }]) =>
      value.kind === "scalar" && typeof value.value === "number" ? [[name, value.value] as const] : [],
    ),
  )
