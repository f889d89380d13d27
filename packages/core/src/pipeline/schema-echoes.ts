import type { ErrorObject } from "ajv"

/** Errors about the keys of a map: several of them may be true at once. */
const ABOUT_KEYS: ReadonlySet<string> = new Set([
  "required",
  "additionalProperties",
  "dependentRequired",
  "propertyNames",
])

/** Errors that say that an alternative isn't the one that was meant. */
const ABOUT_KIND: ReadonlySet<string> = new Set(["type", "const", "enum", "artefact"])

/** Of all that a schema has against a value, what a person made wrong: no echoes, one error about each value. */
export const withoutEchoes = (errors: ReadonlyArray<ErrorObject>): ReadonlyArray<ErrorObject> => {
  const own = errors.filter(({ keyword, propertyName }) => {
    const isAboutName = propertyName !== undefined && keyword !== "propertyNames"
    return keyword !== "if" && !isAboutName
  })
  const meant = resolveAlternatives(own)
  const byType = meant.toSorted((a, b) => Number(b.keyword === "type") - Number(a.keyword === "type"))
  const said = new Set<string>()
  return byType.filter((error) => {
    if (ABOUT_KEYS.has(error.keyword)) return true
    const isNew = !said.has(error.instancePath)
    said.add(error.instancePath)
    return isNew
  })
}

/** Where alternatives failed: the errors of the one that was probably meant, or else that none fits. */
const resolveAlternatives = (errors: ReadonlyArray<ErrorObject>): ReadonlyArray<ErrorObject> => {
  const outer = errors.find(
    (error) => isAlternatives(error) && !errors.some((other) => isWithin(error, other)),
  )
  if (outer === undefined) return errors
  const rest = errors.filter((error) => error !== outer && !isWithin(error, outer))
  const meant = meantAlternative(outer, errors)
  return [...(meant === undefined ? [outer] : resolveAlternatives(meant)), ...resolveAlternatives(rest)]
}

const isAlternatives = ({ keyword }: ErrorObject): boolean => keyword === "anyOf" || keyword === "oneOf"

const isWithin = (error: ErrorObject, outer: ErrorObject): boolean =>
  isAlternatives(outer) && outer !== error && error.schemaPath.startsWith(`${outer.schemaPath}/`)

const meantAlternative = (
  outer: ErrorObject,
  errors: ReadonlyArray<ErrorObject>,
): ReadonlyArray<ErrorObject> | undefined => {
  const count: number = Array.isArray(outer.schema) ? outer.schema.length : 0
  const branches = Array.from({ length: count }, (_, index) =>
    errors.filter((error) => error.schemaPath.startsWith(`${outer.schemaPath}/${index}/`)),
  )
  const fitting = branches.filter(
    (branch) =>
      branch.length > 0 &&
      !branch.some((error) => error.instancePath === outer.instancePath && ABOUT_KIND.has(error.keyword)),
  )
  return fitting.toSorted((a, b) => a.length - b.length)[0]
}
