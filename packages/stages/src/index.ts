export type {
  Downloaded,
  DownloadOptions,
  IncrementalMode,
  ShardsJob,
} from "./datasets/image2dataset/index.ts"
export { type EngineOptions, engineLayer } from "./engine/index.ts"
export type { HashName, ListFormat } from "./image2dataset-names.ts"
export * from "./native/index.ts"
export * from "./stages/index.ts"

/** The catalogue of benchmarks, which is loaded when it is needed. */
export const loadBenchmarks = () => import("./evaluation/catalogue/index.ts")

/** Reports and their comparison, which are loaded when they are needed. */
export const loadReports = () => import("./report/index.ts")

/** The downloader of image lists, which is loaded when it is needed. */
export const loadDownloader = () => import("./datasets/image2dataset/index.ts")
