import { type Backend, BackendUnavailable, loadBackend } from "./backend.ts"

/** The backends that start on this machine: wasm and cpu everywhere, native where it is installed. */
export const availableBackends = async (): Promise<ReadonlyArray<Backend["name"]>> => {
  try {
    await loadBackend("native")
    return ["native", "wasm", "cpu"]
  } catch (error) {
    if (error instanceof BackendUnavailable) return ["wasm", "cpu"]
    throw error
  }
}
