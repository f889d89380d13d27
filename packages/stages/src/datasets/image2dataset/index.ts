export { type DownloadJob, downloadDataset } from "./download-dataset.ts"
export type { DownloadPatience } from "./downloader.ts"
export {
  DEFAULT_OPTIONS,
  type DownloadOptions,
  type EncodeFormat,
  type HashName,
  type ResizeMode,
} from "./options.ts"
