import * as tf from "@tensorflow/tfjs-core"
import { afterEach, describe, expect, it, vi } from "vitest"
import { BackendUnavailable, loadBackend } from "./index.ts"

afterEach(() => {
  vi.unstubAllEnvs()
})

describe("loadBackend", () => {
  it("gives the backend that is asked for, as often as one likes", async () => {
    for (const name of ["cpu", "wasm", "cpu"] as const) {
      expect((await loadBackend(name)).name).toBe(name)
      expect(tf.getBackend()).toBe(name)
      expect([...tf.add([1, 2], [3, 4]).dataSync()]).toEqual([4, 6])
      expect([
        ...tf
          .grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2]))
          .dataSync(),
      ]).toEqual([2, 4])
    }
  })

  it("follows DIVA_BACKEND", async () => {
    vi.stubEnv("DIVA_BACKEND", "cpu")
    expect((await loadBackend()).name).toBe("cpu")
    vi.stubEnv("DIVA_BACKEND", "gpu")
    await expect(loadBackend()).rejects.toThrow(/DIVA_BACKEND is "gpu"; it may be auto, native, wasm or cpu/)
  })

  it("says what to do when the native backend is not installed, and takes wasm when free to choose", async () => {
    vi.stubEnv("XDG_CACHE_HOME", "/nowhere")
    vi.stubEnv("DIVA_BACKEND", "")
    await expect(loadBackend("native")).rejects.toThrow(BackendUnavailable)
    await expect(loadBackend("native")).rejects.toThrow(/backend install/)
    expect((await loadBackend()).name).toBe("wasm")
  })
})
