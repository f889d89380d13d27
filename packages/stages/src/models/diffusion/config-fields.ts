/** A configuration that describes no model this project can run. */
export class DiffusionConfigError extends Error {
  override readonly name = "DiffusionConfigError"
}

/** The members of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** The members of a JSON value that must be an object. */
export const fieldsOf = (json: unknown, what: string): Fields => {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new DiffusionConfigError(`${what} is not a JSON object`)
  }
  return { ...json }
}

/** A whole number from 1 to a million. */
export const sizeOf = (fields: Fields, name: string, otherwise?: number): number => {
  const value = fields[name] ?? otherwise
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new DiffusionConfigError(`${name} is ${shown(value)}, not a whole number from 1`)
  }
  return value
}

/** How many layers: each has some parameters, and what a file says must not fill the memory. */
export const layersOf = (fields: Fields, name: string, otherwise?: number): number => {
  const count = sizeOf(fields, name, otherwise)
  if (count > 1000) throw new DiffusionConfigError(`${name} is ${count}: no model has more than 1000 layers`)
  return count
}

/** Between one and twenty sizes. */
export const sizesOf = (fields: Fields, name: string): ReadonlyArray<number> => {
  const values = fields[name]
  if (!Array.isArray(values) || values.length === 0 || values.length > 20) {
    throw new DiffusionConfigError(`${name} is ${shown(values)}, not a list of sizes`)
  }
  return values.map((value: unknown, index) => sizeOf({ [`${name}[${index}]`]: value }, `${name}[${index}]`))
}

/** A finite number. */
export const numberOf = (fields: Fields, name: string, otherwise?: number): number => {
  const value = fields[name] ?? otherwise
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new DiffusionConfigError(`${name} is ${shown(value)}, not a number`)
  }
  return value
}

/** One of the given words. */
export const wordOf = <const Word extends string>(
  fields: Fields,
  name: string,
  words: readonly [Word, ...ReadonlyArray<Word>],
): Word => {
  const value = fields[name] ?? words[0]
  const found = words.find((word) => word === value)
  if (found === undefined)
    throw new DiffusionConfigError(`${name} is ${shown(value)}, not ${words.join(" or ")}`)
  return found
}

/** Which of the named blocks are of the kind `marked`; the others must be `plain`. */
export const blocksOf = (
  fields: Fields,
  name: string,
  { marked, plain, count }: { readonly marked: string; readonly plain: string; readonly count: number },
): ReadonlyArray<boolean> => {
  const values = fields[name]
  if (!Array.isArray(values) || values.length !== count) {
    throw new DiffusionConfigError(`${name} is ${shown(values)}, not a list of ${count} blocks`)
  }
  return values.map((value: unknown) => {
    if (value === marked || value === plain) return value === marked
    throw new DiffusionConfigError(
      `${name} names the block ${shown(value)}, which is neither ${marked} nor ${plain}`,
    )
  })
}

/** Refuses options that would mean another architecture; an absent one and null have the given value. */
export const refuseOthers = (fields: Fields, expected: Fields, what: string): void => {
  for (const [name, value] of Object.entries(expected)) {
    if ((fields[name] ?? value) !== value) {
      throw new DiffusionConfigError(
        `${name} is ${shown(fields[name])}: ${what} of another structure than Stable Diffusion 2.1's`,
      )
    }
  }
}

/** Refuses channels that the groups of the normalisation don't divide. */
export const checkGroups = (channels: ReadonlyArray<number>, groups: number): void => {
  for (const count of channels) {
    if (count % groups !== 0) {
      throw new DiffusionConfigError(`norm_num_groups ${groups} does not divide ${count} channels`)
    }
  }
}

const shown = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value))
