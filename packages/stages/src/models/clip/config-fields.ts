/** A configuration that describes no model this project can run. */
export class ClipConfigError extends Error {
  override readonly name = "ClipConfigError"
}

/** The members of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** The members of a JSON value that must be an object. */
export const fields = (value: unknown, what: string): Fields => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ClipConfigError(`${what} is missing or not a JSON object`)
  }
  return { ...value }
}

/** A whole number from 1 to a million. */
export const size = (given: Fields, name: string, otherwise?: number): number => {
  const value = given[name] ?? otherwise
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new ClipConfigError(`${name} is ${JSON.stringify(value)}, not a whole number from 1`)
  }
  return value
}

/** How many layers: each has a dozen parameters, and what a file says must not fill the memory. */
export const layers = (given: Fields, name: string, otherwise?: number): number => {
  const count = size(given, name, otherwise)
  if (count > 1000) throw new ClipConfigError(`${name} is ${count}: no model has more than 1000 layers`)
  return count
}

/** A number above 0. */
export const positive = (given: Fields, name: string, otherwise: number): number => {
  const value = given[name] ?? otherwise
  if (typeof value !== "number" || !(value > 0) || value > 1000) {
    throw new ClipConfigError(`${name} is ${JSON.stringify(value)}, not a number above 0`)
  }
  return value
}

/** One of the given words. */
export const word = <const Word extends string>(
  given: Fields,
  name: string,
  words: readonly [Word, ...ReadonlyArray<Word>],
): Word => {
  const value = given[name] ?? words[0]
  const found = words.find((one) => one === value)
  if (found === undefined)
    throw new ClipConfigError(`${name} is ${JSON.stringify(value)}, not ${words.join(" or ")}`)
  return found
}

/** Refuses options that would mean another architecture; an absent one and null have the given value. */
export const refuseOthers = (given: Fields, expected: Fields, where: string): void => {
  for (const [option, value] of Object.entries(expected)) {
    const found = given[option] ?? value
    if (JSON.stringify(found) !== JSON.stringify(value)) {
      throw new ClipConfigError(
        `${where}.${option} is ${JSON.stringify(found)}: an architecture that this project does not have`,
      )
    }
  }
}
