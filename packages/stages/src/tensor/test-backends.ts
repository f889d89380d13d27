import { type Backend, BackendUnavailable, loadBackend } from "./backend.ts"

/** The backends that start on this machine: wasm and cpu everywhere, native where it is installed. For tests. */
export const availableBackends = async (): Promise<ReadonlyArray<Backend["name"]>> => {
  const native = await loadBackend("native").then(
    () => true,
    (error) => {
      if (error instanceof BackendUnavailable) return false
      throw error
    },
  )
  return native ? ["native", "wasm", "cpu"] : ["wasm", "cpu"]
}
