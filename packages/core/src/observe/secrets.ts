import type { Schema } from "effect"
import type { FailureReport, RunEvent } from "./event.ts"

/** Environment variables of these names hold what nobody may read in a log. */
const SECRET_NAME = /TOKEN|SECRET|KEY|PASSWORD/i
/** Shorter values of variables that only look like secrets would hide half of every text. */
const SHORTEST = 6

/** What stands for a secret. */
export const HIDDEN = "***"

/** Replaces secrets in a text. */
export type Mask = (text: string) => string

/** What of a value may turn up: all of it, its lines, and these as JSON and addresses write them. */
const formsOf = (value: string): ReadonlyArray<string> =>
  [value, ...value.split("\n")].flatMap((form) => [
    form,
    JSON.stringify(form).slice(1, -1),
    encodeURIComponent(form),
  ])

/**
 * Hides the values of environment variables that look like secrets.
 *
 * @param declared names of variables that hold secrets whatever they are called, and however short they are
 */
export const makeMask = (
  environment: Readonly<Record<string, string | undefined>>,
  declared: ReadonlySet<string> = new Set(),
): Mask => {
  const values = Object.entries(environment).flatMap(([name, value]): ReadonlyArray<string> => {
    if (value === undefined) return []
    if (declared.has(name)) return formsOf(value).filter((form) => form !== "")
    return SECRET_NAME.test(name) ? formsOf(value).filter((form) => form.length >= SHORTEST) : []
  })
  // A secret that holds another goes first.
  const secrets = [...new Set(values)].sort((a, b) => b.length - a.length)
  if (secrets.length === 0) return (text) => text
  // One pass: what stands for a secret must not be masked again.
  const pattern = new RegExp(
    secrets.map((secret) => secret.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"),
    "g",
  )
  return (text) => text.replace(pattern, HIDDEN)
}

const maskFailure = (mask: Mask, failure: FailureReport): FailureReport => ({
  ...failure,
  message: mask(failure.message),
  ...(failure.hint !== undefined && { hint: mask(failure.hint) }),
  ...(failure.file !== undefined && { file: mask(failure.file) }),
})

const maskJson = (mask: Mask, value: Schema.Json): Schema.Json => {
  if (typeof value === "string") return mask(value)
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map((item: Schema.Json) => maskJson(mask, item))
  return maskMembers(mask, value)
}

const maskMembers = (mask: Mask, object: object): { readonly [name: string]: Schema.Json } =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, maskJson(mask, value)]))

/** Hides secrets in texts that have names. */
export const maskTexts = (
  mask: Mask,
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, mask(text)]))

type TaskStarted = Extract<RunEvent, { _tag: "TaskStarted" }>

const maskInputs = (mask: Mask, inputs: NonNullable<TaskStarted["inputs"]>) =>
  Object.fromEntries(
    Object.entries(inputs).map(([place, field]) => [
      place,
      field.shown === undefined ? field : { ...field, shown: mask(field.shown) },
    ]),
  )

/** Hides secrets in whatever an event says in words that a stage or a user chose. */
export const maskEvent = (mask: Mask, event: RunEvent): RunEvent => {
  switch (event._tag) {
    case "TaskLog":
      return { ...event, message: mask(event.message) }
    case "TaskStarted":
      return {
        ...event,
        reason: mask(event.reason),
        ...(event.inputs !== undefined && { inputs: maskInputs(mask, event.inputs) }),
        ...(event.environment !== undefined && { environment: maskTexts(mask, event.environment) }),
      }
    case "RunDescribed":
      return { ...event, params: maskMembers(mask, event.params) }
    case "TaskProgress":
      return event.detail === undefined ? event : { ...event, detail: mask(event.detail) }
    case "AttemptFailed":
      return { ...event, failure: maskFailure(mask, event.failure) }
    case "TaskFailed":
      return { ...event, failure: maskFailure(mask, event.failure) }
    default:
      return event
  }
}
