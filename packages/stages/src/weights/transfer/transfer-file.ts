import { Effect, Exit, type Scope } from "effect"
import { retryTransfer, TransferFault, type TransferRetry } from "../../network/index.ts"
import type { ByteSource, Part } from "./byte-source.ts"
import { type CheckedContent, checkContent, type ExpectedContent } from "./digest.ts"
import { PartialFile } from "./partial-file.ts"
import { type ByteRange, piecesOf } from "./ranges.ts"

/** Bytes of one file where its size isn't known. */
const LARGEST_FILE = 64 * 1024 ** 3
/** Bytes of one request. */
const PIECE = 32 << 20
/** Requests for one file at a time. */
const CONNECTIONS = 4
/** How often a file that changes while it is read is begun anew in parts. */
const MOST_BEGINNINGS = 2

/** How a file is transferred. */
export interface TransferSettings {
  readonly retry: TransferRetry
  /** Told how many bytes of the file are here, and how many there are in all where that is known. */
  readonly onProgress: (done: number, total: number | undefined) => void
  /** Bytes of one request, where it isn't the usual. */
  readonly piece?: number
}

interface Transfer extends TransferSettings {
  readonly source: ByteSource
  readonly expected: ExpectedContent
  readonly partial: PartialFile
  /** Whether the file is made of several responses, which may not belong together. */
  isPatched: boolean
}

/**
 * Gets one file from one source, several parts at a time, going on from what is here, and checks it before it has its
 * name. What doesn't fit together is thrown away, and the file fetched in one piece; what doesn't match even then is
 * refused.
 *
 * @param file where it is to be; the partial file lies beside it
 */
export const transferFile = Effect.fnUntraced(function* (
  expected: ExpectedContent,
  source: ByteSource,
  file: string,
  settings: TransferSettings,
): Effect.fn.Return<CheckedContent, TransferFault, Scope.Scope> {
  const partial = yield* Effect.acquireRelease(
    Effect.promise(() => PartialFile.open(file)),
    (opened) => Effect.promise(() => opened.close()),
  )
  const transfer: Transfer = { ...settings, source, expected, partial, isPatched: partial.bytes > 0 }
  yield* fetchParts(transfer).pipe(
    Effect.tapError((fault) => (fault.code === CHANGED ? reset(transfer) : Effect.void)),
    Effect.retry({ times: MOST_BEGINNINGS, while: ({ code }) => code === CHANGED }),
    Effect.catchIf(
      ({ code }) => code === CHANGED || code === NO_RANGES,
      () => fetchWhole(transfer),
    ),
    Effect.onExit((exit) => (Exit.isFailure(exit) ? Effect.promise(() => partial.save()) : Effect.void)),
  )
  let checked = yield* Effect.promise(() => checkContent(`${file}.partial`, expected))
  if (checked.mistake !== undefined && transfer.isPatched) {
    yield* fetchWhole(transfer)
    checked = yield* Effect.promise(() => checkContent(`${file}.partial`, expected))
  }
  if (checked.mistake !== undefined) {
    yield* Effect.promise(() => partial.discard())
    return yield* refused(checked.mistake)
  }
  yield* Effect.promise(() => partial.finish())
  return checked
}, Effect.scoped)

const CHANGED = "CHANGED"
const NO_RANGES = "NO_RANGES"

const refused = (message: string, code?: string): TransferFault =>
  new TransferFault({ kind: "refused", message, transient: false, ...(code !== undefined && { code }) })

const reset = ({ partial }: Transfer): Effect.Effect<void> => Effect.promise(() => partial.reset())

/** The first request shows whether the server does parts, and how long the file is; the others go side by side. */
const fetchParts = Effect.fnUntraced(function* (transfer: Transfer): Effect.fn.Return<void, TransferFault> {
  const { partial, expected } = transfer
  const piece = transfer.piece ?? PIECE
  const known = expected.size ?? partial.size
  const isSmall = known !== undefined && known <= piece && partial.bytes === 0
  const first = piecesOf(partial.missing([0, known ?? LARGEST_FILE]), piece)[0]
  if (first === undefined && known !== 0) return
  yield* patiently(transfer, fetchPiece(transfer, isSmall ? undefined : first))
  const size = known ?? partial.size ?? partial.bytes
  yield* Effect.forEach(
    piecesOf(partial.missing([0, size]), piece),
    (range) => patiently(transfer, fetchPiece(transfer, range)),
    { concurrency: CONNECTIONS, discard: true },
  )
})

/** All of the file in one response, beginning anew each time. */
const fetchWhole = (transfer: Transfer): Effect.Effect<void, TransferFault> =>
  Effect.andThen(reset(transfer), fetchPiece(transfer, undefined)).pipe(retryTransfer(transfer.retry))

/** Tries again as long as each round of attempts brings something. */
const patiently = (
  transfer: Transfer,
  piece: Effect.Effect<void, TransferFault>,
): Effect.Effect<void, TransferFault> =>
  Effect.suspend(() => {
    const before = transfer.partial.bytes
    return piece.pipe(
      retryTransfer(transfer.retry),
      Effect.catchIf(
        (fault) => fault.transient && fault.kind !== "status" && transfer.partial.bytes > before,
        () => patiently(transfer, piece),
      ),
    )
  })

/** One piece, or what is still missing of it. */
const fetchPiece = Effect.fnUntraced(function* (
  transfer: Transfer,
  piece: ByteRange | undefined,
): Effect.fn.Return<void, TransferFault> {
  const { partial } = transfer
  const missing = piece === undefined ? [undefined] : partial.missing(piece)
  for (const range of missing) yield* Effect.scoped(fetchRange(transfer, range))
})

const fetchRange = Effect.fnUntraced(function* (transfer: Transfer, range: ByteRange | undefined) {
  const { partial, source, expected, onProgress } = transfer
  const known = partial.validator(source.name)
  const part = yield* source.open(range, known).pipe(
    Effect.mapError((fault) =>
      // What we ask for is no part of what the server has.
      fault.status?.code === 416 ? refused(fault.message, NO_RANGES) : fault,
    ),
  )
  yield* checkPart(transfer, part, range, known)
  partial.describe(source.name, part.total, part.validator)
  const length = lengthOf(part, range, expected.size)
  const write = partial.writer()
  let at = part.start
  const received = yield* part.read(length ?? LARGEST_FILE, async (bytes) => {
    await write(bytes, at)
    at += bytes.length
    onProgress(partial.bytes, expected.size ?? partial.size)
  })
  if (length !== undefined && received < length) return yield* cutShort(received, length)
  if (!part.isWhole) transfer.isPatched = true
})

/** A part must be of the file that we expect, and of the version that we have parts of. */
const checkPart = (
  { partial, expected }: Transfer,
  part: Part,
  range: ByteRange | undefined,
  known: string | undefined,
): Effect.Effect<void, TransferFault> => {
  const { size } = expected
  if (size !== undefined && part.total !== undefined && part.total !== size)
    return Effect.fail(refused(`it has ${part.total} bytes, and should have ${size}`))
  const isOther =
    (known !== undefined && part.validator !== undefined && part.validator !== known) ||
    (partial.size !== undefined && part.total !== undefined && part.total !== partial.size)
  if (isOther && partial.bytes > 0)
    return Effect.fail(refused("the file changed on the server while it was read", CHANGED))
  if (part.isWhole && range !== undefined && partial.bytes > 0)
    return Effect.fail(refused("the server sends whole files only", NO_RANGES))
  return Effect.void
}

const lengthOf = (part: Part, range: ByteRange | undefined, size: number | undefined): number | undefined => {
  const total = part.total ?? size
  if (part.isWhole || range === undefined) return total
  return Math.min(range[1], total ?? range[1]) - range[0]
}

const cutShort = (received: number, length: number): TransferFault =>
  new TransferFault({
    kind: "interrupted",
    message: `the response was cut short after ${received} of ${length} bytes`,
    transient: true,
    received: { bytes: received, expected: length },
  })
