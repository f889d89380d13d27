import type { Resources } from "../stage/index.ts"
import { Heap } from "./heap.ts"

/** What a machine has to give to tasks; a pool that it doesn't name is without limit. */
export interface Machine extends Resources {
  /** Indexes of the graphics processors, as many as `gpu` says; 0, 1, … when absent. */
  readonly gpus?: ReadonlyArray<number>
}

/** What an attempt holds. */
export interface Held {
  readonly gpus: ReadonlyArray<number>
  /** By kind, in the pool's own order. */
  readonly shares: ReadonlyArray<number>
}

/** Somebody who wants resources. */
export interface ResourceRequest {
  readonly need: Resources
  /** Higher ones come first; of equal ones the lower `order`. */
  readonly priority: number
  readonly order: number
  /** Called once, with what is held from then on. */
  readonly start: (held: Held) => void
  /** Set when it wants nothing any more. */
  isWithdrawn?: boolean
}

/** Shares out a machine's resources. */
export interface ResourcePool {
  /** Of those who ask together, the foremost get what there is. */
  readonly request: (requests: ReadonlyArray<ResourceRequest>) => void
  readonly give: (held: Held) => void
  /** Whether a need is more than the whole machine; such a task gets all of it, and so runs alone. */
  readonly exceeds: (need: Resources) => boolean
}

const isBefore = (a: ResourceRequest, b: ResourceRequest): boolean =>
  a.priority === b.priority ? a.order < b.order : a.priority > b.priority

/** Those who want the same wait in one line: only its first one has to be looked at. */
interface Line {
  readonly shares: ReadonlyArray<number>
  readonly requests: Heap<ResourceRequest>
}

const amounts = (resources: Resources, pools: ReadonlyArray<string>): Array<number> => [
  resources.cpu,
  resources.memory,
  resources.gpu,
  ...pools.map((name) => resources.pools[name] ?? 0),
]

const GPU = 2

const fits = (wanted: ReadonlyArray<number>, free: ReadonlyArray<number>): boolean =>
  wanted.every((amount, kind) => amount === 0 || amount <= (free[kind] ?? 0))

const subtract = (from: Array<number>, shares: ReadonlyArray<number>): void => {
  for (const [kind, amount] of shares.entries()) from[kind] = (from[kind] ?? 0) - amount
}

/** The line whose first request comes before the first of all others. */
const foremost = (lines: Iterable<Line>): Line | undefined => {
  let best: Line | undefined
  for (const line of lines) {
    const [first, other] = [line.requests.first, best?.requests.first]
    if (first !== undefined && (other === undefined || isBefore(first, other))) best = line
  }
  return best
}

/**
 * The highest priority first. Others may overtake one that has to wait, but only with what it doesn't wait for: what it
 * needs is kept for it, so that a task that needs much is not overtaken by small ones for ever.
 */
export const makeResourcePool = (machine: Machine): ResourcePool => {
  const pools = Object.keys(machine.pools).filter((name) => Number.isFinite(machine.pools[name]))
  const capacity = amounts(machine, pools)
  const free = [...capacity]
  const freeGpus = [...(machine.gpus ?? Array.from({ length: machine.gpu }, (_, index) => index))]
  const lines = new Map<string, Line>()
  let isSharing = false
  let isStale = false

  const exceeds = (need: Resources): boolean => !fits(amounts(need, pools), capacity)

  const take = (shares: ReadonlyArray<number>): Held => {
    subtract(free, shares)
    freeGpus.sort((a, b) => a - b)
    return { gpus: freeGpus.splice(0, shares[GPU] ?? 0), shares }
  }
  const dropWithdrawn = ({ requests }: Line): void => {
    while (requests.first?.isWithdrawn) requests.take()
  }

  const shareOnce = (): void => {
    const available = [...free]
    const waiting = new Set(lines.values())
    for (const line of waiting) dropWithdrawn(line)
    for (let line = foremost(waiting); line !== undefined; line = foremost(waiting)) {
      subtract(available, line.shares)
      if (available.some((amount, kind) => amount < 0 && (line?.shares[kind] ?? 0) > 0)) waiting.delete(line)
      else line.requests.take()?.start(take(line.shares))
      dropWithdrawn(line)
    }
    for (const [name, { requests }] of lines) if (requests.first === undefined) lines.delete(name)
  }
  /** Whoever starts may at once give back or want more: then it is shared out again. */
  const shareOut = (): void => {
    isStale = true
    if (isSharing) return
    isSharing = true
    while (isStale) {
      isStale = false
      shareOnce()
    }
    isSharing = false
  }

  const request = (wanted: ResourceRequest): void => {
    const shares = exceeds(wanted.need) ? capacity : amounts(wanted.need, pools)
    const name = shares.join()
    const line = lines.get(name) ?? { shares, requests: new Heap(isBefore) }
    lines.set(name, line)
    line.requests.add(wanted)
  }
  return {
    exceeds,
    request: (requests) => {
      if (requests.length === 0) return
      for (const wanted of requests) request(wanted)
      shareOut()
    },
    give: ({ gpus, shares }) => {
      subtract(
        free,
        shares.map((amount) => -amount),
      )
      freeGpus.push(...gpus)
      shareOut()
    },
  }
}
