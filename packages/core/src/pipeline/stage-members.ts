import { type Diagnostics, entryOf, type Span } from "../document/index.ts"
import type { Cases } from "./cases.ts"
import type { StageDeclaration } from "./declarations.ts"
import { dependsOnMember } from "./dependencies.ts"
import { evaluate } from "./evaluation.ts"
import { expandMatrix, type Matrix } from "./matrix.ts"
import { type MatrixValues, MemberIndex } from "./member-index.ts"
import { MemberNames } from "./member-names.ts"
import type { DocumentScope } from "./names.ts"
import { describeValue } from "./value.ts"

/** A stage with the members of its matrix; a stage without a matrix has one. */
export interface StageWithMembers {
  readonly declaration: StageDeclaration
  readonly matrix: Matrix
  /** Undefined when a mistake was reported. */
  readonly members: ReadonlyArray<Member> | undefined
  readonly index: MemberIndex<Member>
}

/** What becomes one task, or the tasks of a group. */
export interface Member {
  /** The stage's key and, in brackets, the member's values: `train[seed=1,view=class]`. */
  readonly id: string
  readonly values: MatrixValues
  /** False when `when` leaves it out; it is still checked. */
  readonly isKept: boolean
}

/** Spreads a stage's matrix out and decides about each member. */
export const membersOf = (
  declaration: StageDeclaration,
  cases: Cases | undefined,
  scope: DocumentScope,
  diagnostics: Diagnostics,
): StageWithMembers => {
  const matrix = expandMatrix(entryOf(declaration.node, "matrix"), cases, scope, diagnostics)
  const { key, span } = declaration
  const isKept = keptBy(declaration, scope, diagnostics)
  // A matrix that isn't known or is empty still has its `when` checked.
  if (matrix.members === undefined || matrix.members.length === 0) isKept(placeholder(matrix, span))
  const names = new MemberNames(matrix.members ?? [], matrix.hidden)
  const ids = new Set<string>()
  const members = matrix.members?.map((values): Member => {
    const id = values.size === 0 ? key : `${key}[${names.nameOf(values)}]`
    if (ids.has(id)) diagnostics.report(span, `the matrix has the member \`${id}\` twice`)
    ids.add(id)
    return { id, values, isKept: isKept(values) }
  })
  return { declaration, matrix, members, index: new MemberIndex(members ?? []) }
}

/** A member that stands for those that aren't known: its values come to nothing, without a diagnostic. */
export const placeholder = (matrix: Matrix, span: Span): MatrixValues =>
  new Map([...matrix.names].map((name) => [name, { kind: "unknown", span }]))

/** Says of a member whether `when` keeps it; where `when` doesn't look at the member, it is evaluated once. */
const keptBy = (
  { node }: StageDeclaration,
  scope: DocumentScope,
  diagnostics: Diagnostics,
): ((matrix: MatrixValues) => boolean) => {
  const when = entryOf(node, "when")
  if (when === undefined) return () => true
  const decide = (matrix: MatrixValues): boolean => {
    const value = evaluate(when, { place: "`when`", ...scope, matrix }, diagnostics)
    if (value.kind === "unknown") return true
    if (value.kind === "scalar" && typeof value.value === "boolean") return value.value
    const hint =
      value.kind === "scalar" && typeof value.value === "string" && value.origin === undefined
        ? `an expression stands in \${{ }}`
        : undefined
    diagnostics.report(value.span, `\`when\` must be true or false, not ${describeValue(value)}`, { hint })
    return true
  }
  if (dependsOnMember(when)) return decide
  let once: boolean | undefined
  return (matrix) => (once ??= decide(matrix))
}
