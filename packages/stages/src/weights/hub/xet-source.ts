import { downloadFile, fileDownloadInfo } from "@huggingface/hub"
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
export const xetSource = (snapshot: HubSnapshot, file: HubFile, wire: Wire): ByteSource => ({
  name: `xet:${snapshot.repository}@${snapshot.commit}/${file.path}`,
  open: (range) =>
    Effect.tryPromise({
      try: async (): Promise<Part> => {
        const call = {
          repo: snapshot.repository,
          revision: snapshot.commit,
          path: file.path,
          hubUrl: wire.hub.endpoint,
          fetch: hubFetch(wire),
        }
        const downloadInfo = await fileDownloadInfo(call)
        if (downloadInfo?.xet === undefined) throw notInXet()
        // Parts come side by side already.
        const blob = await downloadFile({ ...call, downloadInfo, parallelDownloads: false })
        if (blob === null) throw notInXet()
        const [start, end] = range ?? [0, downloadInfo.size]
        return {
          start,
          isWhole: range === undefined,
          total: downloadInfo.size,
          validator: downloadInfo.xet.hash,
          read: readBlob(blob.slice(start, end)),
        }
      },
      catch: faultOf,
    }),
})

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
