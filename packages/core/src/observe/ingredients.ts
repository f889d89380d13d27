import type { RecordedField } from "../store/index.ts"

/** Something that differs between two runs; `undefined` where one has it not. */
export interface Change {
  /** `param`: of the pipeline. `input`, `source`, `upstream`, `environment`, `stage`: of a task. `chance`: of nothing. */
  readonly kind:
    | "param"
    | "version"
    | "commit"
    | "document"
    | "machine"
    | "input"
    | "source"
    | "upstream"
    | "environment"
    | "stage"
    | "key"
    | "chance"
  /** Which param, input, … */
  readonly name: string
  /** The place in the task's input that takes it: of a `source`, an `upstream`. */
  readonly input?: string
  readonly before?: string
  readonly after?: string
}

/** The change from one text to another, if it is one. */
export const changed = (
  kind: Change["kind"],
  name: string,
  before: string | undefined,
  after: string | undefined,
): ReadonlyArray<Change> =>
  before === after
    ? []
    : [{ kind, name, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]

/** The names in either of two maps. */
export const namesOf = (before: object, after: object): ReadonlyArray<string> => [
  ...new Set([...Object.keys(before), ...Object.keys(after)]),
]

/** What differs between two maps of texts. */
export const changesOf = (
  kind: Change["kind"],
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): ReadonlyArray<Change> =>
  namesOf(before, after).flatMap((name) => changed(kind, name, before[name], after[name]))

/** What a task's key was made of. */
export interface Ingredients {
  readonly stage: string
  readonly inputs: Readonly<Record<string, RecordedField>>
  readonly environment: Readonly<Record<string, string>>
}

const shownOf = (field: RecordedField | undefined): string | undefined =>
  field === undefined ? undefined : (field.shown ?? `${field.digest.slice(0, 12)}…`)

const isSame = (before: RecordedField | undefined, after: RecordedField | undefined): boolean =>
  before?.digest === after?.digest && (before?.kind === "value") === (after?.kind === "value")

/** A file or an output that has kept its name, but not its content. */
const contentChange = (input: string, before: RecordedField, after: RecordedField): Change => ({
  kind: before.kind === "output" ? "upstream" : "source",
  name: before.shown ?? input,
  input,
  before: before.digest.slice(0, 12),
  after: after.digest.slice(0, 12),
})

const inputChange = (
  place: string,
  before: RecordedField | undefined,
  after: RecordedField | undefined,
): Change => {
  const isSameName = before?.kind === after?.kind && before?.shown === after?.shown
  if (before !== undefined && after !== undefined && isSameName && before.kind !== "value") {
    return contentChange(place, before, after)
  }
  const [from, to] = [shownOf(before), shownOf(after)]
  return {
    kind: "input",
    name: place,
    ...(from !== undefined && { before: from }),
    ...(to !== undefined && { after: to }),
  }
}

/** What differs between what two keys were made of. Artefacts are told by the beginnings of their digests. */
export const ingredientChanges = (before: Ingredients, after: Ingredients): ReadonlyArray<Change> => [
  ...changed("stage", "stage", before.stage, after.stage),
  ...namesOf(before.inputs, after.inputs).flatMap((place) => {
    const [former, current] = [before.inputs[place], after.inputs[place]]
    return isSame(former, current) ? [] : [inputChange(place, former, current)]
  }),
  ...changesOf("environment", before.environment, after.environment),
]
