import type { downloadFile } from "@huggingface/hub"
import { Effect } from "effect"
import { faultOf, TransferFault } from "../../network/index.ts"
import type { ByteSource, Part } from "../transfer/byte-source.ts"
import type { HubFile, HubSnapshot } from "./snapshot.ts"
import { hubFetch, type Wire } from "./wire.ts"

/**
 * A file of the hub in Xet, its storage of content-defined chunks, as the library speaks it. The library makes the file
 * of its chunks but checks no digest, forgets everything when it is cut, and can't go on: so it is asked for parts, like
 * any other source, and the parts are put together and checked here.
 */
export const xetSource = (snapshot: HubSnapshot, file: HubFile, wire: Wire): ByteSource => {
  const call = {
    repo: snapshot.repository,
    revision: snapshot.commit,
    path: file.path,
    hubUrl: wire.hub.endpoint,
    fetch: hubFetch(wire),
  }
  let described: ReturnType<typeof describe> | undefined
  return {
    name: `xet:${snapshot.repository}@${snapshot.commit}/${file.path}`,
    open: (range) =>
      Effect.tryPromise({
        try: async (): Promise<Part> => {
          described ??= describe(call)
          const { blob, size, hash } = await described.catch((cause: unknown) => {
            described = undefined
            throw cause
          })
          const [start, end] = range ?? [0, size]
          return {
            start,
            isWhole: range === undefined,
            total: size,
            validator: hash,
            read: readBlob(blob.slice(start, end)),
          }
        },
        catch: faultOf,
      }),
  }
}

/** Asks the hub once where the file's chunks are described; parts of the blob are asked for one by one. */
const describe = async (call: Parameters<typeof downloadFile>[0]) => {
  const { downloadFile, fileDownloadInfo } = await import("@huggingface/hub")
  const downloadInfo = await fileDownloadInfo(call)
  if (downloadInfo?.xet === undefined) throw notInXet()
  // Parts come side by side already.
  const blob = await downloadFile({ ...call, downloadInfo, parallelDownloads: false })
  if (blob === null) throw notInXet()
  return { blob, size: downloadInfo.size, hash: downloadInfo.xet.hash }
}

const notInXet = (): TransferFault =>
  new TransferFault({ kind: "refused", message: "the hub has it not in Xet", transient: false })

const readBlob =
  (blob: Blob): Part["read"] =>
  (limit, use) =>
    Effect.tryPromise({
      try: async (signal) => {
        let received = 0
        const body: AsyncIterable<Uint8Array> = blob.stream()
        for await (const piece of body) {
          signal.throwIfAborted()
          received += piece.length
          if (received > limit) throw notInXet()
          await use(piece)
        }
        return received
      },
      catch: faultOf,
    })
