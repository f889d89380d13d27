export { addressFault, type FaultClass, FetchFault, faultOf } from "./fetch-fault.ts"
export { type Fetcher, type FetchPatience, makeFetcher } from "./fetcher.ts"
