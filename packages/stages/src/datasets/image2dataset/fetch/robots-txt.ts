import { LruMap } from "./lru-map.ts"
import type { Answer } from "./transfer.ts"

/** What `robots.txt` says for one agent: the longest rule that fits a path decides. */
export interface RobotsRules {
  readonly rules: ReadonlyArray<RobotsRule>
}

interface RobotsRule {
  /** What stands between the pattern's asterisks. */
  readonly parts: ReadonlyArray<string>
  /** Whether the path must end with the pattern. */
  readonly isWhole: boolean
  readonly length: number
  readonly allows: boolean
}

const EVERYTHING_FORBIDDEN: RobotsRules = {
  rules: [{ parts: [""], isWhole: false, length: 1, allows: false }],
}
const EVERYTHING_ALLOWED: RobotsRules = { rules: [] }
/** More is not read, as RFC 9309 allows. */
const MOST_BYTES = 500 * 1024
const KEPT_HOSTS = 20_000

/** The rules of a file (RFC 9309) for an agent: those of its own group, or else of `*`. */
export const parseRobots = (text: string, agent: string): RobotsRules => {
  const groups = new Map<string, Array<RobotsRule>>()
  let named: Array<string> = []
  let isNaming = false
  for (const line of text.slice(0, MOST_BYTES).split(/\r\n|\r|\n/)) {
    const match = /^\s*(user-agent|allow|disallow)\s*:\s*([^#]*?)\s*(#.*)?$/i.exec(line)
    if (match === null) continue
    const field = match[1]?.toLowerCase()
    const value = match[2] ?? ""
    if (field === "user-agent") {
      named = isNaming ? [...named, value.toLowerCase()] : [value.toLowerCase()]
      isNaming = true
      for (const name of named) if (!groups.has(name)) groups.set(name, [])
      continue
    }
    isNaming = false
    if (value === "") continue
    const isWhole = value.endsWith("$")
    const parts = (isWhole ? value.slice(0, -1) : value).split("*")
    const rule = { parts, isWhole, length: value.length, allows: field === "allow" }
    for (const name of named) groups.get(name)?.push(rule)
  }
  return { rules: groups.get(agent.toLowerCase()) ?? groups.get("*") ?? [] }
}

/** Plain searches, one after the other: no pattern of a stranger's can take long. */
const fits = ({ parts, isWhole }: RobotsRule, path: string): boolean => {
  const [first = "", ...rest] = parts
  if (!path.startsWith(first)) return false
  const last = isWhole ? rest.pop() : undefined
  let at = first.length
  for (const part of rest) {
    const found = path.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  if (!isWhole) return true
  return last === undefined ? path === first : path.length - last.length >= at && path.endsWith(last)
}

/** Whether a path, with its query, may be asked for. */
export const isAllowedBy = ({ rules }: RobotsRules, path: string): boolean => {
  let best: RobotsRule | undefined
  for (const rule of rules) {
    if (!fits(rule, path)) continue
    const isBetter =
      best === undefined || rule.length > best.length || (rule.length === best.length && rule.allows)
    if (isBetter) best = rule
  }
  return best?.allows ?? true
}

/** Asks each host for its `robots.txt` once, and keeps what it said. */
export class RobotsFiles {
  readonly #fetch: (url: URL) => Promise<Answer>
  readonly #agent: string
  readonly #known = new LruMap<string, Promise<RobotsRules>>(KEPT_HOSTS)

  constructor(agent: string, fetch: (url: URL) => Promise<Answer>) {
    this.#agent = agent
    this.#fetch = fetch
  }

  async allows(url: URL): Promise<boolean> {
    let rules = this.#known.get(url.origin)
    if (rules === undefined) {
      rules = this.#ask(new URL("/robots.txt", url.origin))
      this.#known.set(url.origin, rules)
    }
    return isAllowedBy(await rules, `${url.pathname}${url.search}`)
  }

  /** A server that has none allows everything; one that cannot say, nothing. */
  async #ask(url: URL): Promise<RobotsRules> {
    const answer = await this.#fetch(url).catch(() => undefined)
    if (answer?.body !== undefined) return parseRobots(Buffer.from(answer.body).toString("utf8"), this.#agent)
    return answer === undefined || answer.status >= 500 ? EVERYTHING_FORBIDDEN : EVERYTHING_ALLOWED
  }
}
