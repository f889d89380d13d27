import type { Cell, Origin } from "./cells.ts"

/** A fact of what both sides were made of that differs: an input, a stage's version, a part of the environment. */
export interface ProvenanceChange {
  readonly field: string
  /** Of each side the values that it has, of several runs perhaps several. */
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
}

/** What the sides of a cell were made of differently, as far as the origins of both are known. */
export const provenanceChanges = ({ origins: { before, after } }: Cell): ReadonlyArray<ProvenanceChange> => {
  if (before.length === 0 || after.length === 0) return []
  const [from, to] = [factsOf(before), factsOf(after)]
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((field) => {
    const change = { field, before: from.get(field) ?? [], after: to.get(field) ?? [] }
    return JSON.stringify(change.before) === JSON.stringify(change.after) ? [] : [change]
  })
}

const factsOf = (origins: ReadonlyArray<Origin>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const facts = new Map<string, Set<string>>()
  for (const { stage, version, environment, inputs } of origins) {
    const all = { stage, [`version of ${stage}`]: String(version), ...environment, ...inputs }
    for (const [field, value] of Object.entries(all))
      facts.set(field, (facts.get(field) ?? new Set<string>()).add(value))
  }
  return new Map([...facts].map(([field, values]) => [field, [...values].sort()]))
}

/** The changes in sentences, each with the scores that it is of. */
export const provenanceNotes = (cells: ReadonlyArray<Cell>): ReadonlyArray<string> => {
  const names = new Map<string, Array<string>>()
  for (const cell of cells)
    for (const { field, before, after } of provenanceChanges(cell)) {
      const text = `${field}: ${valuesText(before)} → ${valuesText(after)}`
      names.set(text, [...(names.get(text) ?? []), cell.name])
    }
  return [...names].map(([text, of]) => `Made differently: ${text} (${placesText(of, cells.length)}).`)
}

const valuesText = (values: ReadonlyArray<string>): string =>
  values.length === 0 ? "none" : values.join(", ")

const placesText = (names: ReadonlyArray<string>, all: number): string => {
  if (names.length === all && all > 1) return "all scores"
  return names.length > 4 ? `${names.length} scores` : names.join(", ")
}
