import { Effect } from "effect"
import type { TransferResponse } from "./request.ts"
import { faultOf, TransferFault } from "./transfer-fault.ts"

/**
 * Reads a body piece by piece, waiting for `use` of each piece, and fails when it ends early or grows beyond `limit`
 * bytes.
 */
export const readBody = (
  response: Pick<TransferResponse, "header" | "body">,
  limit: number,
  use: (piece: Uint8Array) => void | Promise<void>,
): Effect.Effect<number, TransferFault> =>
  Effect.suspend(() => {
    const expected = expectedLength(response)
    if (expected !== undefined && expected > limit) return Effect.fail(tooLarge(limit))
    let received = 0
    return Effect.tryPromise({
      try: async () => {
        for await (const piece of response.body) {
          if (!(piece instanceof Uint8Array)) throw new TypeError("the body is not made of bytes")
          received += piece.length
          if (received > limit) throw tooLarge(limit)
          await use(piece)
        }
        return received
      },
      catch: (cause) => {
        const fault = faultOf(cause)
        return fault.kind === "interrupted" ? cutShort(received, expected) : fault
      },
    })
  })

/** The whole body in memory. */
export const collectBody = (
  response: TransferResponse,
  limit: number,
): Effect.Effect<Uint8Array, TransferFault> =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    return Effect.map(
      readBody(response, limit, (piece) => {
        pieces.push(piece)
      }),
      () => Buffer.concat(pieces),
    )
  })

const expectedLength = (response: Pick<TransferResponse, "header">): number | undefined => {
  const length = response.header("content-length")[0]
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

const tooLarge = (limit: number): TransferFault =>
  new TransferFault({
    kind: "refused",
    message: `the response is larger than ${limit} bytes`,
    transient: false,
    code: "TOO_LARGE",
  })

const cutShort = (bytes: number, expected: number | undefined): TransferFault =>
  new TransferFault({
    kind: "interrupted",
    message: `the response was cut short after ${bytes}${expected === undefined ? "" : ` of ${expected}`} bytes`,
    transient: true,
    received: { bytes, expected },
  })
