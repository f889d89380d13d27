import type { Survey, UrlList } from "./lists/index.ts"
import type { DownloadOptions } from "./options.ts"
import type { ShardLedger } from "./shards/index.ts"
import type { Report, ShardsJob } from "./shards-job.ts"

/** What a run is made of. */
export interface RunParts {
  readonly list: UrlList
  readonly survey: Survey
  readonly ledger: ShardLedger
  readonly job: ShardsJob
  readonly options: DownloadOptions
  readonly report: Report
}
