export type { FetchPatience } from "./attempts.ts"
export { addressFault, type FaultClass, FetchFault, faultOf } from "./fetch-fault.ts"
export { type Fetcher, makeFetcher } from "./fetcher.ts"
export { isFileAddress } from "./local-file.ts"
