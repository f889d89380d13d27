import { availableParallelism, totalmem } from "node:os"
import type { Resources } from "../stage/index.ts"

const MB = 1024 * 1024

/** What this machine, or the container that it is, has to give; graphics processors must be told. */
export const machineResources = (gpu = 0): Resources => {
  // 0 or an enormous number where nothing constrains the process.
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return { cpu: availableParallelism(), memory: Math.floor(memory / MB), gpu, pools: {} }
}
