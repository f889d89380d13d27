import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, sep } from "node:path"
import util from "node:util"
import * as tf from "@tensorflow/tfjs-core"
import { BINDING, nativeBackendFolder, TENSORFLOW_VERSION, TFJS_VERSION } from "../native/index.ts"
import { registerNativeKernels } from "./native-kernels.ts"
import { registerWasmKernels } from "./wasm-kernels.ts"

/** What a user may ask for: `auto` is native where it is installed, else wasm, else cpu. */
export type BackendPreference = "auto" | "native" | "wasm" | "cpu"

/** The backend in use. `version` is of TensorFlow for native, of TensorFlow.js otherwise. */
export interface Backend {
  readonly name: "native" | "wasm" | "cpu"
  readonly version: string
}

/** The backend that was asked for cannot run here. */
export class BackendUnavailable extends Error {
  override readonly name = "BackendUnavailable"
}

const require = createRequire(import.meta.url)
const loading = new Map<Backend["name"], Promise<Backend>>()

/**
 * Loads the tensor backend and makes it the current one. Calling it again is cheap.
 *
 * @param preference what to use; `auto` follows the environment variable DIVA_BACKEND, and without it takes the
 *   fastest that is there
 * @throws BackendUnavailable when the backend asked for by name is not there
 */
export const loadBackend = async (preference: BackendPreference = "auto"): Promise<Backend> => {
  const asked = preference === "auto" ? preferenceOf(process.env.DIVA_BACKEND) : preference
  if (asked !== "auto") return await use(asked)
  if (existsSync(bindingFile())) return await use("native")
  return await use("wasm").catch(() => use("cpu"))
}

const preferenceOf = (text: string | undefined): BackendPreference => {
  if (text === undefined || text === "" || text === "auto") return "auto"
  if (text === "native" || text === "wasm" || text === "cpu") return text
  throw new BackendUnavailable(`DIVA_BACKEND is "${text}"; it may be auto, native, wasm or cpu`)
}

const LOADERS: Readonly<Record<Backend["name"], () => Promise<Backend>>> = {
  native: async () => {
    loadNative()
    await tf.setBackend("tensorflow")
    registerNativeKernels()
    return { name: "native", version: TENSORFLOW_VERSION }
  },
  wasm: async () => {
    registerGradients()
    await loadWasm()
    return { name: "wasm", version: TFJS_VERSION }
  },
  cpu: async () => {
    registerGradients()
    await import("@tensorflow/tfjs-backend-cpu")
    return { name: "cpu", version: TFJS_VERSION }
  },
}

const TFJS_NAMES = { native: "tensorflow", wasm: "wasm", cpu: "cpu" } as const

const use = async (name: Backend["name"]): Promise<Backend> => {
  // Production mode only silences TensorFlow.js's advice to use another of its packages.
  if (!tf.env().getBool("PROD")) tf.enableProdMode()
  const backend = await load(name)
  if (tf.getBackend() !== TFJS_NAMES[name]) {
    const works = await tf.setBackend(TFJS_NAMES[name])
    if (!works) throw new BackendUnavailable(`the ${name} tensor backend does not start on this machine`)
  }
  return backend
}

const load = (name: Backend["name"]): Promise<Backend> => {
  const known = loading.get(name)
  if (known !== undefined) return known
  const loaded = LOADERS[name]()
  loading.set(name, loaded)
  // What failed may work later: the native backend can be installed meanwhile.
  loaded.catch(() => loading.delete(name))
  return loaded
}

const bindingFile = (): string => join(nativeBackendFolder(), BINDING)

/**
 * Loads the gradients of TensorFlow.js's own operations: tfjs-core has them only in a form that Node cannot load, and
 * the union package, a dependency of tfjs-node-gpu, registers them.
 */
const registerGradients = (): void => {
  createRequire(require.resolve("@tensorflow/tfjs-node-gpu"))("@tensorflow/tfjs")
}

/** Lets @tensorflow/tfjs-node-gpu find its binding in the user's cache; nothing of the package is edited. */
const loadNative = (): void => {
  const binding = bindingFile()
  if (!existsSync(binding)) {
    throw new BackendUnavailable(
      "the native tensor backend is not installed on this machine; install it with " +
        "`diva-pipeline backend install`, or choose wasm (slower) with DIVA_BACKEND=wasm",
    )
  }
  restoreOldNodeFunctions()
  const tfjsNode = createRequire(require.resolve("@tensorflow/tfjs-node-gpu"))
  answerForModule(tfjsNode.resolve("@mapbox/node-pre-gyp"), { find: () => binding })
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"
  // Otherwise TensorFlow takes oneDNN on some processors: the same kernels everywhere (see native-kernels.ts).
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "0"
  tfjsNode("./index.js")
}

/** Node 23 removed functions of node:util that TensorFlow.js calls at the first gradient. */
const restoreOldNodeFunctions = (): void => {
  const functions: Record<string, unknown> = Object.assign(util)
  functions.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  // Still there, but it warns the user at its first call.
  functions.isArray = Array.isArray
}

/** Makes `require` of that file answer with the given exports. */
const answerForModule = (file: string, exports: unknown): void => {
  const known = require.cache[file]
  if (known !== undefined) {
    known.exports = exports
    return
  }
  const Module = require("node:module")
  const answer = new Module(file)
  answer.filename = file
  answer.loaded = true
  answer.exports = exports
  require.cache[file] = answer
}

const loadWasm = async (): Promise<void> => {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm")
  setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep)
  registerWasmKernels()
}
