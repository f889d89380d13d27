import { type LookupAddress, lookup } from "node:dns"
import { Resolver } from "node:dns/promises"
import type { LookupFunction } from "node:net"
import { privateAddressFault } from "./fetch-fault.ts"
import { isPrivateAddress } from "./private-addresses.ts"

/** Milliseconds for which an answer counts, where the name's owner does not say. */
const KEPT = 300_000
/** Milliseconds for which the lack of an answer counts. */
const KEPT_FAILURE = 30_000
/** Names that are remembered. */
const MOST_NAMES = 50_000

interface Answer {
  readonly addresses: ReadonlyArray<LookupAddress>
  /** The system's code, or the address that is refused: errors with their stacks would take much room. */
  readonly failure: { readonly code: string } | { readonly refused: string } | undefined
  readonly expires: number
}

/**
 * Looks names up and remembers what came, failures too, for a shorter while. Only public addresses are given back,
 * unless private ones are allowed; who connects to what this gives cannot be led astray by a second answer.
 */
export class NameResolver {
  readonly #answers = new Map<string, Answer | Promise<Answer>>()
  readonly #resolver: Resolver | undefined
  readonly #allowPrivate: boolean

  /** @param servers whom to ask instead of the system: addresses, with ports where they differ from 53 */
  constructor(servers: ReadonlyArray<string>, allowPrivate: boolean) {
    this.#allowPrivate = allowPrivate
    if (servers.length > 0) {
      this.#resolver = new Resolver({ timeout: 3000, tries: 2 })
      this.#resolver.setServers(servers)
    }
  }

  /** For `net.connect`. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.#answer(name).then(
      ({ addresses, failure }) => {
        const first = addresses[0]
        if (failure !== undefined || first === undefined) callback(errorOf(name, failure), "", 0)
        else if (options.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (cause: Error) => callback(cause, "", 0),
    )
  }

  async #answer(name: string): Promise<Answer> {
    const found = await this.#answers.get(name)
    if (found !== undefined && found.expires > Date.now()) return found
    const again = this.#answers.get(name)
    if (again instanceof Promise) return again
    const asking = this.#ask(name)
    this.#answers.delete(name)
    this.#answers.set(name, asking)
    const answer = await asking
    this.#answers.set(name, answer)
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MOST_NAMES) break
      this.#answers.delete(oldest)
    }
    return answer
  }

  async #ask(name: string): Promise<Answer> {
    try {
      const { addresses, seconds } = await (this.#resolver === undefined
        ? askSystem(name)
        : askServers(this.#resolver, name))
      const allowed = this.#allowPrivate
        ? addresses
        : addresses.filter(({ address }) => !isPrivateAddress(address))
      const refused = addresses[0]
      const failure = allowed.length === 0 && refused !== undefined ? { refused: refused.address } : undefined
      return { addresses: allowed, failure, expires: Date.now() + (seconds ?? KEPT / 1000) * 1000 }
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "ENOTFOUND"
      return { addresses: [], failure: { code }, expires: Date.now() + KEPT_FAILURE }
    }
  }
}

interface Found {
  readonly addresses: ReadonlyArray<LookupAddress>
  readonly seconds: number | undefined
}

const askSystem = (name: string): Promise<Found> =>
  new Promise((resolve, reject) => {
    lookup(name, { all: true, order: "ipv4first" }, (cause, addresses) =>
      cause ? reject(cause) : resolve({ addresses, seconds: undefined }),
    )
  })

const askServers = async (resolver: Resolver, name: string): Promise<Found> => {
  const [v4, v6] = await Promise.allSettled([
    resolver.resolve4(name, { ttl: true }),
    resolver.resolve6(name, { ttl: true }),
  ])
  const records = [
    ...(v4.status === "fulfilled" ? v4.value.map((record) => ({ ...record, family: 4 })) : []),
    ...(v6.status === "fulfilled" ? v6.value.map((record) => ({ ...record, family: 6 })) : []),
  ]
  if (records.length === 0 && v4.status === "rejected") throw ofServers(v4.reason)
  return {
    addresses: records.map(({ address, family }) => ({ address, family })),
    seconds: Math.min(3600, Math.max(1, ...records.map(({ ttl }) => ttl))),
  }
}

/** A name server that cannot be reached is not a host that refuses. */
const ofServers = (cause: unknown): unknown =>
  cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED"
    ? Object.assign(new Error("no name server answers"), { code: "EAI_AGAIN" })
    : cause

const errorOf = (name: string, failure: Answer["failure"]): Error =>
  failure !== undefined && "refused" in failure
    ? privateAddressFault(failure.refused)
    : Object.assign(new Error(`the name ${name} cannot be looked up`), { code: failure?.code ?? "ENOTFOUND" })
