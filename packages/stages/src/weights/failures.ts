import { permanent, type StageFailure, transient } from "@diva-pipeline/core"
import type { TransferFault } from "../network/index.ts"

/** What was wrong with an address, which may be shown as it is. */
export type FaultAt = readonly [address: string, fault: TransferFault]

const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the disk can't be written to",
  EIO: "the disk failed",
}

/** Failures of this machine's disk, which no other address would mend. */
export const localFailure = (
  { code = "", message }: TransferFault,
  path: string,
): StageFailure | undefined => {
  const known = DISK_FAULTS[code]
  if (known === undefined) return undefined
  return permanent(`${known} while ${path} was fetched (${message})`, {
    hint: "free some space and run again: what has come is kept",
  })
}

interface Asked {
  readonly endpoint: string
  readonly hasToken: boolean
}

/** A file that none of its addresses gave: each address and why, and what to do about it. */
export const noSource = (path: string, faults: ReadonlyArray<FaultAt>, asked: Asked): StageFailure => {
  const lines = faults.map(([address, fault]) => `\n  ${address}: ${fault.message}${patienceText(fault)}`)
  const message = `${path} could not be fetched:${lines.join("")}`
  if (faults.some(([, fault]) => fault.transient || fault.kind === "unreachable"))
    return transient(message, {
      hint: "check the network; what has come is kept, and the next run continues",
      ...patienceOf(faults),
    })
  return permanent(message, { hint: adviceOn(faults, asked) })
}

const secondsAsked = (fault: TransferFault): number | undefined =>
  fault.transient && fault.retryAfter !== undefined ? Math.ceil(fault.retryAfter / 1000) : undefined

const patienceText = (fault: TransferFault): string => {
  const seconds = secondsAsked(fault)
  return seconds === undefined ? "" : `, and asks to wait ${seconds} s`
}

/** Each attempt asks all addresses: the one that asks for the longest wait is heeded. */
const patienceOf = (faults: ReadonlyArray<FaultAt>): { readonly retryAfter?: number } => {
  const asked = faults.map(([, fault]) => secondsAsked(fault)).filter((seconds) => seconds !== undefined)
  return asked.length === 0 ? {} : { retryAfter: Math.max(...asked) }
}

const adviceOn = (faults: ReadonlyArray<FaultAt>, { endpoint, hasToken }: Asked): string => {
  if (faults.some(([, { code }]) => code === "OFFLINE"))
    return "run once without HF_HUB_OFFLINE, or put the files into the cache with Python's `hf download`"
  const closed = faults.find(
    ([, { status, errorCode }]) => status?.code === 401 || status?.code === 403 || errorCode === "GatedRepo",
  )
  if (closed === undefined)
    return "give other addresses: `files: [{ path: …, urls: [https://…, hf://… or file:///…] }]`"
  const repository = /^hf:\/\/([^@]+)@/.exec(closed[0])?.[1]
  const page = repository === undefined ? "the model's page" : `${endpoint}/${repository}`
  return hasToken
    ? `HF_TOKEN does not open it: accept the licence on ${page} with the token's account, and let the token read it`
    : `the publisher wants a login: accept the licence on ${page}, and set HF_TOKEN (${endpoint}/settings/tokens)`
}
