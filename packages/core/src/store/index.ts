export { canonicalJson, digestOf, sha256 } from "./canonical-json.ts"
export type { Collection } from "./collection.ts"
export type { Committed } from "./commit.ts"
export { Disk, nodeDisk } from "./disk.ts"
export type { Found } from "./find.ts"
export type { Garbage, Needs } from "./garbage.ts"
export type { Inventory, ListedFolder, ListedRecord, ListedTree } from "./inventory.ts"
export { fileName } from "./layout.ts"
export type { Manifest, ManifestFile } from "./manifest.ts"
export { resultName } from "./materialise.ts"
export { isRunning, ownIdentity, ProcessIdentity } from "./process-identity.ts"
export type { KeyRecord, KnownTrees, RecordedField } from "./records.ts"
export { scanTree } from "./scan.ts"
export type { Tree } from "./states.ts"
export { Store, type StoreShape } from "./store.ts"
export {
  ArtefactDamaged,
  ArtefactRefused,
  errorCode,
  isReadOnly,
  StoreError,
  storeError,
} from "./store-error.ts"
export type { Artefact } from "./trees.ts"
