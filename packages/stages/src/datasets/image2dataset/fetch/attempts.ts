import { setTimeout as sleep } from "node:timers/promises"
import { FetchFault, faultOf } from "./fetch-fault.ts"

/** How patiently failed downloads are tried again, in milliseconds. */
export interface FetchPatience {
  /** Before the second attempt, in the mean; doubled before each further one. */
  readonly delay: number
  /** The longest wait. A server that asks for more is not asked again. */
  readonly longest: number
}

/** What an attempt is told, and tells. */
export interface AttemptWatch {
  /** How many began before. */
  readonly before: number
  /** Aborts when its outcome no longer matters. */
  readonly signal: AbortSignal
  /** To be called when no answer comes although the server answers others. */
  readonly onOvertaken: () => void
}

type Outcome = Uint8Array | FetchFault

/**
 * Tries again what may pass, with growing pauses, and never sooner than the server asks. An attempt that is overtaken
 * goes on, and the next one begins beside it; then the first good answer counts.
 * @throws FetchFault (as a rejection)
 */
export const persistently = async (
  attempt: (watch: AttemptWatch) => Promise<Uint8Array>,
  retries: number,
  { delay, longest }: FetchPatience,
  closing: AbortSignal,
): Promise<Uint8Array> => {
  const decided = new AbortController()
  const begin = async (before: number): Promise<Outcome> => {
    const overtaken = Promise.withResolvers<undefined>()
    const watch = { before, signal: decided.signal, onOvertaken: () => overtaken.resolve(undefined) }
    const outcome = attempt(watch).catch(faultOf)
    if (before === retries) return outcome
    const first = await Promise.race([outcome, overtaken.promise])
    if (first === undefined) return deciding(outcome, begin(before + 1))
    const asked = first instanceof FetchFault ? (first.retryAfter ?? 0) : 0
    if (!mayPass(first) || asked > longest) return first
    const pause = Math.min(longest, delay * 2 ** before) * (0.5 + Math.random())
    await sleep(Math.max(asked, pause), undefined, { signal: closing })
    return decided.signal.aborted ? first : begin(before + 1)
  }
  const outcome = await begin(0)
  // Without a reason, each abort would make an error with a stack.
  decided.abort("decided")
  if (outcome instanceof FetchFault) throw outcome
  return outcome
}

const mayPass = (outcome: Outcome): boolean => outcome instanceof FetchFault && outcome.isTransient

/** Of two attempts, the first that decides; the last when neither does. */
const deciding = (one: Promise<Outcome>, other: Promise<Outcome>): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let left = 2
    const take = (outcome: Outcome) => {
      left -= 1
      if (left === 0 || !mayPass(outcome)) resolve(outcome)
    }
    one.then(take, reject)
    other.then(take, reject)
  })
