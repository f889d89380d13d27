import { Data } from "effect"
import type { TransferFault } from "../../network/index.ts"
import type { SampleStatus } from "./metadata.ts"

/** Why a URL has not become an image. It is counted and listed, and ends nothing. */
export class ImageFault extends Data.TaggedError("ImageFault")<{
  readonly status: Exclude<SampleStatus, "success">
  /** In img2dataset's words, where it has any. */
  readonly message: string
  /** Whether there was no connection to the server at all. */
  readonly isUnreachable: boolean
}> {}

/** A failure to get the bytes. */
export const downloadFault = (message: string, isUnreachable = false): ImageFault =>
  new ImageFault({ status: "failed_to_download", message, isUnreachable })

/** A failure to make an image of the bytes. */
export const resizeFault = (message: string): ImageFault =>
  new ImageFault({ status: "failed_to_resize", message, isUnreachable: false })

/** What Python says of the codes, whatever the machine. */
const PYTHON_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "<urlopen error [Errno 111] Connection refused>",
  ENOTFOUND: "<urlopen error [Errno -2] Name or service not known>",
  EAI_AGAIN: "<urlopen error [Errno -3] Temporary failure in name resolution>",
  ENETUNREACH: "<urlopen error [Errno 101] Network is unreachable>",
  EHOSTUNREACH: "<urlopen error [Errno 113] No route to host>",
  ENETDOWN: "<urlopen error [Errno 100] Network is down>",
  ETIMEDOUT: "<urlopen error timed out>",
  UND_ERR_CONNECT_TIMEOUT: "<urlopen error timed out>",
  UND_ERR_HEADERS_TIMEOUT: "timed out",
  UND_ERR_BODY_TIMEOUT: "timed out",
  UND_ERR_SOCKET: "Remote end closed connection without response",
  ECONNRESET: "[Errno 104] Connection reset by peer",
  EPIPE: "[Errno 32] Broken pipe",
}

/** The fault of a transfer in img2dataset's words. */
export const ofTransfer = (fault: TransferFault): ImageFault =>
  downloadFault(pythonWords(fault), fault.kind === "unreachable")

const pythonWords = ({ code, kind, message, received, status }: TransferFault): string => {
  if (received !== undefined) {
    const missing =
      received.expected === undefined ? "" : `, ${received.expected - received.bytes} more expected`
    return `IncompleteRead(${received.bytes} bytes read${missing})`
  }
  if (status !== undefined) {
    const answer = `HTTP Error ${status.code}: `
    if (code === "REDIRECT_LOOP")
      return `${answer}The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error message was:\n${status.text}`
    if (code === "REDIRECT_REFUSED") return `${answer}${status.text} - ${capitalised(message)}`
    return `${answer}${status.text}`
  }
  if (kind === "timeout") return "timed out"
  return (code === undefined ? undefined : PYTHON_WORDS[code]) ?? `<urlopen error ${message}>`
}

const capitalised = (words: string): string => words.replace(/^the r/, "R")
