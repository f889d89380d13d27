import type { Schema } from "effect"
import type { FailureReport, RunEvent } from "./event.ts"

/** Environment variables of these names hold what nobody may read in a log. */
const SECRET_NAME = /TOKEN|SECRET|KEY|PASSWORD/i
/** Shorter values would hide half of every text. */
const SHORTEST = 6

/** Replaces secrets in a text. */
export type Mask = (text: string) => string

/** Hides the values of environment variables that look like secrets. */
export const makeMask = (environment: Readonly<Record<string, string | undefined>>): Mask => {
  const secrets = Object.entries(environment)
    .flatMap(([name, value]) =>
      SECRET_NAME.test(name) && value !== undefined ? [value, ...value.split("\n")] : [],
    )
    .filter((value) => value.length >= SHORTEST)
    // A secret that holds another goes first.
    .sort((a, b) => b.length - a.length)
  return (text) => secrets.reduce((masked, secret) => masked.replaceAll(secret, "***"), text)
}

const maskFailure = (mask: Mask, failure: FailureReport): FailureReport => ({
  ...failure,
  message: mask(failure.message),
  ...(failure.hint !== undefined && { hint: mask(failure.hint) }),
})

const maskJson = (mask: Mask, value: Schema.Json): Schema.Json => {
  if (typeof value === "string") return mask(value)
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map((item: Schema.Json) => maskJson(mask, item))
  return maskMembers(mask, value)
}

const maskMembers = (mask: Mask, object: object): { readonly [name: string]: Schema.Json } =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, maskJson(mask, value)]))

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
