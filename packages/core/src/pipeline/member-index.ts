import { textOf, type Value } from "./value.ts"

/** The values of one member of a matrix, by key. */
export type MatrixValues = ReadonlyMap<string, Value>

/** Members that have the same keys, and tables of them by the values of some of these keys. */
interface Shape<Member> {
  readonly keys: ReadonlyArray<string>
  readonly members: Array<{ readonly member: Member; readonly position: number }>
  readonly tables: Map<string, Map<string, Shape<Member>["members"]>>
}

/** Finds those of many members that agree with given values, without looking at each of them. */
export class MemberIndex<Member extends { readonly values: MatrixValues }> {
  readonly #shapes = new Map<string, Shape<Member>>()

  constructor(members: ReadonlyArray<Member>) {
    for (const [position, member] of members.entries()) {
      const keys = [...member.values.keys()]
      const name = keys.join()
      let shape = this.#shapes.get(name)
      if (shape === undefined) {
        shape = { keys, members: [], tables: new Map() }
        this.#shapes.set(name, shape)
      }
      shape.members.push({ member, position })
    }
  }

  /** The members, in their order, that have the same values for the keys that both they and the given values have. */
  agreeing(values: MatrixValues): ReadonlyArray<Member> {
    const found = [...this.#shapes.values()].map((shape) => agreeingOf(shape, values))
    const [first = []] = found
    const all = found.length === 1 ? first : found.flat().sort((a, b) => a.position - b.position)
    return all.map(({ member }) => member)
  }
}

const agreeingOf = <Member extends { readonly values: MatrixValues }>(
  { keys, members, tables }: Shape<Member>,
  values: MatrixValues,
): Shape<Member>["members"] => {
  const shared = keys.filter((key) => values.has(key))
  if (shared.length === 0) return members
  const name = shared.join()
  let table = tables.get(name)
  if (table === undefined) {
    table = Map.groupBy(members, ({ member }) => textOfKeys(member.values, shared))
    tables.set(name, table)
  }
  return table.get(textOfKeys(values, shared)) ?? []
}

const textOfKeys = (values: MatrixValues, keys: ReadonlyArray<string>): string => {
  let text = ""
  for (const key of keys) {
    const value = values.get(key)
    text += value === undefined ? "," : `${textOf(value)},`
  }
  return text
}
