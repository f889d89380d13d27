import { expect, it } from "@effect/vitest"
import { commonEnvironment, hostEnvironment } from "./host-environment.ts"

it("tasks get what programs need, and no secret of ours", () => {
  const ours = {
    PATH: "/bin",
    LC_ALL: "C",
    HF_TOKEN: "hf_secret",
    MY_KEY: "k",
    HF_HOME: "/models",
    EMPTY: undefined,
  }
  expect(commonEnvironment(ours)).toEqual({ PATH: "/bin", LC_ALL: "C", HF_HOME: "/models" })
})

it("hosts keep freed memory for the next tensor, unless the user has set how memory is given", () => {
  expect(hostEnvironment({ PATH: "/bin" })).toEqual({
    PATH: "/bin",
    MALLOC_MMAP_MAX_: "0",
    MALLOC_TRIM_THRESHOLD_: "1073741824",
  })
  expect(hostEnvironment({ MALLOC_MMAP_MAX_: "65536" })).toMatchObject({ MALLOC_MMAP_MAX_: "65536" })
})
