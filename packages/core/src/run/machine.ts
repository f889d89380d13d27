import { execFile } from "node:child_process"
import { availableParallelism, totalmem } from "node:os"
import { Effect } from "effect"
import type { Pipeline, Task } from "../pipeline/index.ts"
import type { Resources } from "../stage/index.ts"
import type { Machine } from "./resource-pool.ts"

const MB = 1024 * 1024
/** Milliseconds that the driver may take to answer. */
const PATIENCE = 10_000

/** What this machine, or the container that it is, has to give; graphics processors must be told. */
export const machineResources = (gpu = 0): Resources => {
  // 0 or an enormous number where nothing constrains the process.
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return { cpu: availableParallelism(), memory: Math.floor(memory / MB), gpu, pools: {} }
}

/** The graphics processors that `nvidia-smi -L` lists. */
const installedGpus: Effect.Effect<ReadonlyArray<number>> = Effect.callback((resume) => {
  execFile("nvidia-smi", ["-L"], { timeout: PATIENCE }, (_, stdout) => {
    const lines = stdout.split("\n").flatMap((line) => /^GPU (\d+):/.exec(line)?.[1] ?? [])
    resume(Effect.succeed(lines.map(Number)))
  })
})

/** The indexes in CUDA_VISIBLE_DEVICES, where the user has chosen some. */
const chosenGpus = (): ReadonlyArray<number> | undefined => {
  const chosen = process.env.CUDA_VISIBLE_DEVICES
  return chosen !== undefined && /^\d+(,\d+)*$/.test(chosen) ? chosen.split(",").map(Number) : undefined
}

const wantsGpu = (task: Task): boolean => task.resources.some(({ gpu }) => gpu > 0)

/** What tasks share: what was given, what the pipeline says of its pools, and what the machine has. */
export const findMachine = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  tasks: ReadonlyArray<Task>,
  given: Partial<Resources> = {},
): Effect.fn.Return<Machine> {
  const pools = { ...pipeline.pools, ...given.pools }
  const machine = { ...machineResources(), ...given, pools }
  // Asking the driver takes a while, so only where somebody wants to know.
  if (!tasks.some(wantsGpu)) return machine
  const found = chosenGpus() ?? (given.gpu === undefined ? yield* installedGpus : undefined)
  const gpus = found ?? Array.from({ length: machine.gpu }, (_, index) => index)
  const most = given.gpu ?? gpus.length
  return { ...machine, gpu: Math.min(most, gpus.length), gpus: gpus.slice(0, most) }
})
