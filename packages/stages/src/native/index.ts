export {
  BINDING,
  cacheFolder,
  expectedBackend,
  type NativeManifest,
  nativeBackendFolder,
  nativeBackendId,
  readNativeManifest,
  TENSORFLOW_VERSION,
  TFJS_VERSION,
} from "./native-backend.ts"
