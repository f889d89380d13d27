import { type Diagnostics, entryOf, type Span } from "../document/index.ts"
import type { StageDeclaration } from "./declarations.ts"
import { evaluate } from "./evaluation.ts"
import { expandMatrix, type Matrix, type MatrixValues, taskId } from "./matrix.ts"
import { describeValue, type Value } from "./value.ts"

/** A stage with the members of its matrix; a stage without a matrix has one. */
export interface StageWithMembers {
  readonly declaration: StageDeclaration
  readonly matrix: Matrix
  /** Undefined when a mistake was reported. */
  readonly members: ReadonlyArray<Member> | undefined
}

/** What becomes one task. */
export interface Member {
  readonly id: string
  readonly values: MatrixValues
  /** False when `when` leaves it out; it is still checked. */
  readonly isKept: boolean
}

/** Spreads a stage's matrix out and decides about each member. */
export const membersOf = (
  declaration: StageDeclaration,
  params: ReadonlyMap<string, Value>,
  diagnostics: Diagnostics,
): StageWithMembers => {
  const matrix = expandMatrix(entryOf(declaration.node, "matrix"), params, diagnostics)
  const ids = new Set<string>()
  const members: Array<Member> = []
  // A matrix that isn't known or is empty still has its `when` checked.
  for (const values of matrix.members?.length ? matrix.members : [placeholder(matrix, declaration.span)]) {
    const id = taskId(declaration.key, values)
    const isKept = isMemberKept(declaration, values, params, diagnostics)
    if (ids.has(id)) diagnostics.report(declaration.span, `the matrix has the member \`${id}\` twice`)
    ids.add(id)
    members.push({ id, values, isKept })
  }
  const isKnown = matrix.members !== undefined
  return { declaration, matrix, members: isKnown ? members.slice(0, matrix.members.length) : undefined }
}

/** A member that stands for those that aren't known: its values come to nothing, without a diagnostic. */
export const placeholder = (matrix: Matrix, span: Span): MatrixValues =>
  new Map([...matrix.names].map((name) => [name, { kind: "unknown", span }]))

const isMemberKept = (
  { node }: StageDeclaration,
  matrix: MatrixValues,
  params: ReadonlyMap<string, Value>,
  diagnostics: Diagnostics,
): boolean => {
  const when = entryOf(node, "when")
  if (when === undefined) return true
  const value = evaluate(when, { place: "`when`", params, matrix }, diagnostics)
  if (value.kind === "unknown") return true
  if (value.kind === "scalar" && typeof value.value === "boolean") return value.value
  const hint =
    value.kind === "scalar" && typeof value.value === "string" && value.origin === undefined
      ? `an expression stands in \${{ }}`
      : undefined
  diagnostics.report(value.span, `\`when\` must be true or false, not ${describeValue(value)}`, { hint })
  return true
}
