import { isDeepStrictEqual } from "node:util"
import type { Json } from "../pipeline/index.ts"
import type { OutputDefinition } from "../stage/index.ts"
import type { StageOutputs } from "./types.ts"
import type { StageOutput } from "./values.ts"

/** A list of values for each key: the members are their combinations. */
export type MatrixAxes = { readonly [key: string]: ReadonlyArray<Json> }

/** The members themselves, for those that are no plain combinations. */
export type MatrixCases = ReadonlyArray<{ readonly [key: string]: Json }>

/** The values of one member of a matrix. */
export type MemberValues<Matrix extends MatrixAxes | MatrixCases> =
  Matrix extends ReadonlyArray<infer Case>
    ? Case
    : { readonly [Key in keyof Matrix]: Matrix[Key] extends ReadonlyArray<infer Value> ? Value : never }

/** A member of a stage's matrix, in a pipeline that is being defined. */
export interface DefinedMember<Values, Outputs extends Readonly<Record<string, OutputDefinition>>> {
  /** The task's id: `train[seed=1]`. */
  readonly name: string
  readonly values: Values
  readonly outputs: StageOutputs<Outputs>
}

/** The outputs of all members, in their order: what a document takes with `stages.NAME.*.outputs.OUTPUT`. */
export type GatheredOutputs<Outputs extends Readonly<Record<string, OutputDefinition>>> = {
  readonly [Name in keyof Outputs]: ReadonlyArray<StageOutput<Outputs[Name]["kind"]>>
}

/** A stage with a matrix, in a pipeline that is being defined. */
export interface DefinedMatrix<Values, Outputs extends Readonly<Record<string, OutputDefinition>>> {
  readonly name: string
  readonly members: ReadonlyArray<DefinedMember<Values, Outputs>>
  readonly outputs: GatheredOutputs<Outputs>
  /** The one member that has these values; that there is none, or several, is a mistake of the pipeline. */
  readonly at: (values: Partial<Values>) => DefinedMember<Partial<Values>, Outputs>
}

const isCases = (matrix: MatrixAxes | MatrixCases): matrix is MatrixCases => Array.isArray(matrix)

/** The members of a matrix; of axes all combinations, the last key varying fastest. */
export function memberValues<Matrix extends MatrixAxes | MatrixCases>(
  matrix: Matrix,
): ReadonlyArray<MemberValues<Matrix>>
export function memberValues(matrix: MatrixAxes | MatrixCases): MatrixCases {
  if (isCases(matrix)) return matrix
  let members: MatrixCases = [{}]
  for (const [key, values] of Object.entries(matrix)) {
    members = members.flatMap((member) => values.map((value) => ({ ...member, [key]: value })))
  }
  return members
}

/** Puts the outputs of members together, by their names. */
export function gather<Outputs extends Readonly<Record<string, OutputDefinition>>>(
  outputs: Outputs,
  members: ReadonlyArray<DefinedMember<unknown, Outputs>>,
): GatheredOutputs<Outputs>
export function gather(
  outputs: Readonly<Record<string, OutputDefinition>>,
  members: ReadonlyArray<{ readonly outputs: Readonly<Record<string, StageOutput>> }>,
): Readonly<Record<string, ReadonlyArray<StageOutput | undefined>>> {
  const names = Object.keys(outputs)
  return Object.fromEntries(names.map((name) => [name, members.map((member) => member.outputs[name])]))
}

/** Those of some members that have the given values. */
export const agreeing = <Values, Member extends { readonly values: Values }>(
  members: ReadonlyArray<Member>,
  values: Partial<Values>,
): ReadonlyArray<Member> => {
  const wanted = Object.entries(values)
  return members.filter((member) => {
    const has = new Map(Object.entries(Object(member.values)))
    return wanted.every(([key, value]) => has.has(key) && isDeepStrictEqual(has.get(key), value))
  })
}
