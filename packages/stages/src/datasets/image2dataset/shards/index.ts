export type { DoneSample } from "./done-sample.ts"
export { METADATA_COLUMNS, metadataColumns, type SampleRecord, sampleKey, shardName } from "./metadata.ts"
export { Parking } from "./parking.ts"
export { digestOf, type FinishedShard, ShardLedger } from "./shard-ledger.ts"
export { ShardWriter } from "./shard-writer.ts"
export {
  commonestReasons,
  NO_STATISTICS,
  type Statistics,
  StatisticsCounter,
  StatisticsSum,
  summaryJson,
} from "./statistics.ts"
export { type StoredSample, StoredShard } from "./stored-shard.ts"
