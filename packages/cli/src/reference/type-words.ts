type Schema = Readonly<Record<string, unknown>>

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null

/** A JSON schema's type in a few words: `integer ≥ 0`, `one of mse, l1`, `artefact: weights`. */
export const typeWords = (schema: Schema): string => {
  if (typeof schema.artefact === "string") return `artefact: ${schema.artefact}`
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.join(", ")}`
  if (Array.isArray(schema.anyOf)) {
    const kinds = schema.anyOf.filter(isSchema).map(typeWords)
    return kinds.every((kind) => kind.startsWith('"'))
      ? `one of ${kinds.map((kind) => JSON.parse(kind)).join(", ")}`
      : kinds.join(" or ")
  }
  if (schema.type === "array" && isSchema(schema.items)) return `list of ${typeWords(schema.items)}`
  const limits = [
    schema.minimum === undefined ? "" : ` ≥ ${schema.minimum}`,
    schema.exclusiveMinimum === undefined ? "" : ` > ${schema.exclusiveMinimum}`,
    schema.maximum === undefined ? "" : ` ≤ ${schema.maximum}`,
    schema.exclusiveMaximum === undefined ? "" : ` < ${schema.exclusiveMaximum}`,
  ]
  return `${schema.type ?? "anything"}${limits.join("")}`
}

/** What an input is when the pipeline doesn't say, and whether it counts: `default 8`, `required`, `optional, unkeyed`. */
export const defaultWords = (schema: Schema, required: boolean): string => {
  const whether = required ? "required" : "optional"
  const words = schema.default === undefined ? whether : `default ${JSON.stringify(schema.default)}`
  return schema.unkeyed === true ? `${words}, unkeyed` : words
}
