import { textOf, type Value } from "./value.ts"

/** The values of one member of a matrix, by key. */
export type MatrixValues = ReadonlyMap<string, Value>

/** Some of the members, and where they stand among all. */
interface Some<Member> {
  readonly members: Array<Member>
  readonly positions: Array<number>
}

/** Members that have the same keys, and tables of them by the values of some of these keys. */
interface Shape<Member> {
  readonly keys: ReadonlyArray<string>
  readonly all: Some<Member>
  readonly tables: Map<string, ReadonlyMap<string, Some<Member>>>
}

/** Finds those of many members that agree with given values, without looking at each of them. */
export class MemberIndex<Member extends { readonly values: MatrixValues }> {
  readonly #members: ReadonlyArray<Member>
  /** Made when it is first needed: most members are never looked for. */
  #shapes: ReadonlyArray<Shape<Member>> | undefined

  constructor(members: ReadonlyArray<Member>) {
    this.#members = members
  }

  /** The members, in their order, that have the same values for the keys that both they and the given values have. */
  agreeing(values: MatrixValues): ReadonlyArray<Member> {
    this.#shapes ??= shapesOf(this.#members)
    const [first, second] = this.#shapes
    if (first !== undefined && second === undefined) return agreeingOf(first, values).members
    const found = this.#shapes.map((shape) => agreeingOf(shape, values))
    const positions = found.flatMap((some) => some.positions).sort((a, b) => a - b)
    return positions.flatMap((position) => this.#members[position] ?? [])
  }
}

const shapesOf = <Member extends { readonly values: MatrixValues }>(
  members: ReadonlyArray<Member>,
): ReadonlyArray<Shape<Member>> => {
  const shapes = new Map<string, Shape<Member>>()
  for (const [position, member] of members.entries()) {
    const keys = [...member.values.keys()]
    const name = keys.join()
    let shape = shapes.get(name)
    if (shape === undefined) {
      shape = { keys, all: { members: [], positions: [] }, tables: new Map() }
      shapes.set(name, shape)
    }
    shape.all.members.push(member)
    shape.all.positions.push(position)
  }
  return [...shapes.values()]
}

const agreeingOf = <Member extends { readonly values: MatrixValues }>(
  { keys, all, tables }: Shape<Member>,
  values: MatrixValues,
): Some<Member> => {
  const shared = keys.filter((key) => values.has(key))
  if (shared.length === 0) return all
  const name = shared.join()
  let table = tables.get(name)
  if (table === undefined) {
    table = tableOf(all, shared)
    tables.set(name, table)
  }
  return table.get(textOfKeys(values, shared)) ?? { members: [], positions: [] }
}

const tableOf = <Member extends { readonly values: MatrixValues }>(
  { members, positions }: Some<Member>,
  keys: ReadonlyArray<string>,
): ReadonlyMap<string, Some<Member>> => {
  const table = new Map<string, Some<Member>>()
  for (const [index, member] of members.entries()) {
    const text = textOfKeys(member.values, keys)
    const some = table.get(text)
    const position = positions[index] ?? 0
    if (some === undefined) table.set(text, { members: [member], positions: [position] })
    else {
      some.members.push(member)
      some.positions.push(position)
    }
  }
  return table
}

const textOfKeys = (values: MatrixValues, keys: ReadonlyArray<string>): string => {
  let text = ""
  for (const key of keys) {
    const value = values.get(key)
    text += value === undefined ? "," : `${textOf(value)},`
  }
  return text
}
