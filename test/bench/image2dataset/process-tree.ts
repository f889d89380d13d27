import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/** What a command and all that it started have taken. */
export interface TreeMeasured {
  /** Wall time in seconds, from the command's start to its end. */
  readonly seconds: number
  /** CPU time in seconds, of the kernel too. */
  readonly cpu: number
  /** The most resident memory of all processes together, in MB. */
  readonly memory: number
  readonly printed: string
}

/** How often the memory is looked at, in milliseconds. */
const LOOK = 100
const TICKS = 100
const PAGE = 4096

/** CPU seconds of the children of this process that have ended. */
const childrenCpu = (): number => {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
  return (Number(fields[13]) + Number(fields[14])) / TICKS
}

/** Parent and resident bytes of each process that runs. */
const processes = (): ReadonlyMap<number, { parent: number; memory: number }> => {
  const found = new Map<number, { parent: number; memory: number }>()
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ")
      found.set(Number(name), { parent: Number(fields[1]), memory: Number(fields[21]) * PAGE })
    } catch {
      // It has ended in the meantime.
    }
  }
  return found
}

const treeMemory = (root: number): number => {
  const all = processes()
  const belongs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = all.get(at)?.parent ?? 0) if (at === root) return true
    return false
  }
  let sum = 0
  for (const [pid, { memory }] of all) if (belongs(pid)) sum += memory
  return sum / 1e6
}

/** Runs a command to its end, on Linux; fails, with what it printed last, when that is not a good one. */
export const measureTree = ([command = "", ...args]: ReadonlyArray<string>): Promise<TreeMeasured> =>
  new Promise((resolve, reject) => {
    const before = childrenCpu()
    const begun = performance.now()
    const child = spawn(command, args, {
      env: { ...process.env, NO_ALBUMENTATIONS_UPDATE: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    })
    let printed = ""
    let memory = 0
    const look = setInterval(() => {
      memory = Math.max(memory, treeMemory(child.pid ?? -1))
    }, LOOK)
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        printed = `${printed}${text}`.slice(-4000)
      })
    child.on("error", reject)
    child.on("close", (code, signal) => {
      clearInterval(look)
      const seconds = (performance.now() - begun) / 1000
      if (code === 0) resolve({ seconds, cpu: childrenCpu() - before, memory, printed })
      else reject(new Error(`${command} ended with ${code ?? signal}\n${printed}`))
    })
  })
