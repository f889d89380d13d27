import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

/** TensorFlow's version, of which the native backend is made. */
export const TENSORFLOW_VERSION = "2.21.0"

/** The version of @tensorflow/tfjs-node-gpu whose binding is compiled against it. */
export const TFJS_VERSION = "4.22.0"

/** What `manifest.json` in the native backend's folder says. */
export interface NativeManifest {
  readonly id: string
  /** sha256 and size in bytes of each file, by path inside the folder. */
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>
}

/** The folder of everything this project keeps outside a project's own folder (XDG's cache folder). */
export const cacheFolder = (environment: NodeJS.ProcessEnv = process.env): string => {
  const configured = environment.XDG_CACHE_HOME
  const base = configured?.startsWith("/") ? configured : join(homedir(), ".cache")
  return join(base, "diva-pipeline")
}

/** The name of the native backend for this machine: everything that its files depend on. */
export const nativeBackendId = (): string =>
  `tensorflow-cpu-${TENSORFLOW_VERSION}-tfjs-${TFJS_VERSION}-${process.platform}-${process.arch}`

/** Where the native backend for this machine is, or would be. */
export const nativeBackendFolder = (environment?: NodeJS.ProcessEnv): string =>
  join(cacheFolder(environment), "native", nativeBackendId())

/** Path of the compiled binding inside the native backend's folder. */
export const BINDING = join("lib", "napi-v8", "tfjs_binding.node")

/** The manifest of the installed native backend; undefined when there is none. It is written last, so it says "complete". */
export const readNativeManifest = (environment?: NodeJS.ProcessEnv): NativeManifest | undefined => {
  const file = join(nativeBackendFolder(environment), "manifest.json")
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as NativeManifest) : undefined
}

/** The backend that tensor stages will use here, without loading it: what a cache key and `backend status` name. */
export const expectedBackend = (environment: NodeJS.ProcessEnv = process.env): string => {
  const asked = environment.DIVA_BACKEND ?? "auto"
  const name = asked === "auto" ? (readNativeManifest(environment) === undefined ? "wasm" : "native") : asked
  return name === "native" ? nativeBackendId() : `${name}-tfjs-${TFJS_VERSION}`
}
