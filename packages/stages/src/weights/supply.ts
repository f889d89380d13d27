import { Effect, Option } from "effect"
import { maskAddress, TransferFault, type TransferRetry } from "../network/index.ts"
import { HUB_SCHEME, type HubRevision, hubAddress, isCommit, parseHubAddress } from "./hub/address.ts"
import { cachedPlaces, cachedSnapshot } from "./hub/cache.ts"
import { type HubFile, type HubSnapshot, openSnapshot } from "./hub/snapshot.ts"
import { authorization, type Wire } from "./hub/wire.ts"
import { xetSource } from "./hub/xet-source.ts"
import type { WeightFile } from "./resolve.ts"
import { type ByteSource, localSource, webSource } from "./transfer/byte-source.ts"
import type { ExpectedContent } from "./transfer/digest.ts"

/** One way to a file, once it is known what is there. */
export interface Supply {
  /** As it may be shown, and written into the manifest. */
  readonly address: string
  readonly expected: ExpectedContent
  /** What can be asked for its bytes, the best first; nothing offline. */
  readonly sources: ReadonlyArray<ByteSource>
  /** Files on this machine that may have the content already. */
  readonly places: ReadonlyArray<string>
  /** The file in its repository, where it is one of the hub. */
  readonly hub: { readonly snapshot: HubSnapshot; readonly file: HubFile } | undefined
}

/** Finds out what is at an address; repositories are asked once. */
export type Suppliers = (file: WeightFile, address: string) => Effect.Effect<Supply, TransferFault>

/** Asks for the files of a repository, once for each revision. */
export type Snapshots = (asked: HubRevision) => Effect.Effect<HubSnapshot, TransferFault>

export const makeSnapshots = (
  wire: Wire,
  retry: TransferRetry,
  log: (level: "info" | "warning", message: string) => void,
): Snapshots => {
  const opened = new Map<string, Effect.Effect<HubSnapshot, TransferFault>>()
  return (asked) =>
    Effect.suspend(() => {
      const key = `${asked.repository}@${asked.revision}`
      const known = opened.get(key) ?? Effect.runSync(Effect.cached(openSnapshot(asked, wire, retry, log)))
      opened.set(key, known)
      return known
    })
}

/** @param models the folder of the models that come with the package */
export const makeSuppliers =
  (wire: Wire, snapshots: Snapshots, models: string): Suppliers =>
  (file, address) => {
    if (address.startsWith(HUB_SCHEME)) return hubSupply(file, address, wire, snapshots)
    if (file.sha256 === undefined) return refused("there is no sha256 to check it by")
    const expected = { size: file.size, sha256: file.sha256, gitSha1: undefined }
    const common = { address: maskAddress(address), expected, places: [], hub: undefined }
    if (!/^https?:/i.test(address))
      return Effect.succeed({ ...common, sources: [localSource(address, models)] })
    if (wire.hub.isOffline) return refused("HF_HUB_OFFLINE is set", "OFFLINE")
    const isHub = URL.canParse(address) && new URL(address).origin === new URL(wire.hub.endpoint).origin
    const headers = isHub ? authorization(wire.hub) : {}
    return Effect.succeed({ ...common, sources: [webSource(address, { ...wire, headers })] })
  }

const hubSupply = Effect.fnUntraced(function* (
  wanted: WeightFile,
  address: string,
  wire: Wire,
  snapshots: Snapshots,
): Effect.fn.Return<Supply, TransferFault> {
  const asked = parseHubAddress(address)
  const snapshot = yield* snapshots(asked)
  const file = snapshot.files.get(asked.path)
  if (file === undefined) return yield* noFile(snapshot, asked.path, wire.hub.isOffline)
  return yield* supplyOf(wanted, snapshot, file, wire)
})

/** What the cache knows of a file at a commit, which never changes: where it is there and sound, nobody need be asked. */
export const cachedSupply = Effect.fnUntraced(function* (
  wanted: WeightFile,
  address: string,
  wire: Wire,
): Effect.fn.Return<Supply | undefined> {
  if (!address.startsWith(HUB_SCHEME) || wire.hub.isOffline) return undefined
  const asked = parseHubAddress(address)
  if (!isCommit(asked.revision)) return undefined
  const snapshot = yield* Effect.promise(() => cachedSnapshot(wire.hub.cache, asked))
  const file = snapshot?.files.get(asked.path)
  if (snapshot === undefined || file === undefined) return undefined
  return Option.getOrUndefined(yield* Effect.option(supplyOf(wanted, snapshot, file, wire)))
})

const supplyOf = Effect.fnUntraced(function* (
  wanted: WeightFile,
  snapshot: HubSnapshot,
  file: HubFile,
  wire: Wire,
): Effect.fn.Return<Supply, TransferFault> {
  if (wanted.sha256 !== undefined && file.sha256 !== undefined && wanted.sha256 !== file.sha256)
    return yield* refused(`its sha256 is ${file.sha256} there, and should be ${wanted.sha256}`)
  const expected = {
    size: file.size ?? wanted.size,
    sha256: wanted.sha256 ?? file.sha256,
    gitSha1: file.gitSha1,
  }
  if (expected.sha256 === undefined && expected.gitSha1 === undefined)
    return yield* refused("its digest is not told there, and there is no sha256 to check it by")
  return {
    address: hubAddress({ ...snapshot, revision: snapshot.commit, path: file.path }),
    expected,
    sources: snapshot.isFresh ? byteSources(snapshot, file, wire) : [],
    places: cachedPlaces(wire.hub.cache, snapshot, file),
    hub: { snapshot, file },
  }
})

/**
 * Xet where the hub stores the file so, and always plain https: what Xet doesn't give, the hub's `resolve` does. The
 * library's own download of plain files is not used: it asks for all in one stream, can't go on after a cut, and checks
 * no digest.
 */
const byteSources = (snapshot: HubSnapshot, file: HubFile, wire: Wire): ReadonlyArray<ByteSource> => {
  const path = file.path.split("/").map(encodeURIComponent).join("/")
  const url = `${wire.hub.endpoint}/${snapshot.repository}/resolve/${snapshot.commit}/${path}`
  const plain = webSource(url, { ...wire, headers: authorization(wire.hub) })
  return file.isXet && wire.hub.usesXet ? [xetSource(snapshot, file, wire), plain] : [plain]
}

const noFile = ({ repository, commit, isFresh }: HubSnapshot, path: string, isOffline: boolean) =>
  Effect.fail(
    new TransferFault({
      kind: isFresh || isOffline ? "refused" : "unreachable",
      message: isFresh
        ? `${repository} has no file ${path} at ${commit}`
        : `the cache has no file ${path} of ${repository} at ${commit}`,
      transient: false,
      ...(isOffline && { code: "OFFLINE" }),
    }),
  )

const refused = (message: string, code?: string): Effect.Effect<never, TransferFault> =>
  Effect.fail(
    new TransferFault({ kind: "refused", message, transient: false, ...(code !== undefined && { code }) }),
  )
