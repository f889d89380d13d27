import { CheckpointError } from "./checkpoint-error.ts"

/** What is wrong with a JSON text that `JSON.parse` would take. */
export interface JsonFaults {
  /** The first key that one object holds twice: two readers of one file could then see two models. */
  readonly repeated: string | undefined
  /** Lists and objects are in one another more often than any file needs it. */
  readonly isTooDeep: boolean
}

const DEEPEST = 64

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Looks over a JSON text without building anything of it. The text may be no JSON at all. */
export const faultsOf = (json: string): JsonFaults => {
  const open: Array<Set<string> | undefined> = []
  let repeated: string | undefined
  let at = 0
  while (at < json.length) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(json, at)
      const keys = open.at(-1)
      if (keys !== undefined && isKey(json, end)) {
        const key = unescaped(json.slice(at, end))
        if (keys.has(key)) repeated ??= key
        keys.add(key)
      }
      at = end
      continue
    }
    if (code === OPEN_LIST) open.push(undefined)
    else if (code === OPEN_OBJECT) open.push(new Set())
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) open.pop()
    if (open.length > DEEPEST) return { repeated, isTooDeep: true }
    at++
  }
  return { repeated, isTooDeep: false }
}

/** The place after a string that begins there. */
const endOfString = (json: string, begin: number): number => {
  let at = begin + 1
  while (at < json.length) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) return at + 1
    at += code === BACKSLASH ? 2 : 1
  }
  return json.length
}

const isKey = (json: string, end: number): boolean => {
  let at = end
  while (/\s/.test(json.charAt(at))) at++
  return json.charCodeAt(at) === COLON
}

const unescaped = (quoted: string): string => {
  if (!quoted.includes("\\")) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

/**
 * The value of a JSON text, of a file that nobody vouches for.
 *
 * @param what the text is called in messages
 * @throws CheckpointError when it is no JSON, nested without end, or has a key twice in one object
 */
export const parseJson = (text: string, what: string): unknown => {
  const { repeated, isTooDeep } = faultsOf(text)
  if (isTooDeep) throw new CheckpointError(`${what} is nested without end`)
  const value = parsed(text, what)
  if (repeated !== undefined) throw new CheckpointError(`${what} names "${repeated}" twice`)
  return value
}

const parsed = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new CheckpointError(`${what} is not JSON`)
  }
}
