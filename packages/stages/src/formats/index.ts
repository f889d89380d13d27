export {
  openSafetensors,
  readSafetensors,
  SafetensorsFile,
  type StoredTensor,
  type TensorData,
} from "./safetensors.ts"
export { DTYPE_BYTES, type Dtype, SafetensorsError, type TensorEntry } from "./safetensors-header.ts"
export { type TensorToStore, writeSafetensors } from "./safetensors-writer.ts"
export { DEFAULT_TAR_LIMITS, readTar, type TarLimits, type TarMember } from "./tar-archive.ts"
export { TarWriter } from "./tar-writer.ts"
export { listShards, readSamples, readShard } from "./webdataset.ts"
export { benchmarkKey, readBenchmarkSamples, writeBenchmarkSamples } from "./webdataset-benchmark.ts"
export { IMAGE_EXTENSIONS, imageOf, type Sample, splitName, textOf } from "./webdataset-sample.ts"
export { type ShardOptions, type WrittenShards, writeSample, writeShards } from "./webdataset-writer.ts"
