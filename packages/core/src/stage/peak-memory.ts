import { readFileSync, writeFileSync } from "node:fs"
import { childrenOf } from "./process-tree.ts"

const KIB = 1024

const readOrNone = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** A line of `/proc/<pid>/status` in bytes; 0 where there is none. */
const statusOf = (pid: number, name: "VmHWM" | "VmRSS"): number => {
  const [, kibibytes = "0"] =
    new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readOrNone(`/proc/${pid}/status`)) ?? []
  return Number(kibibytes) * KIB
}

/** The memory that a process's descendants hold now, in bytes. Linux only; 0 elsewhere. */
export const memoryOfChildren = (pid: number): number => {
  let sum = 0
  for (const child of childrenOf(pid)) sum += statusOf(child, "VmRSS") + memoryOfChildren(child)
  return sum
}

/** The memory that a process holds now, in bytes. Linux only; 0 elsewhere. */
export const memoryOf = (pid: number): number => statusOf(pid, "VmRSS")

/** Forgets how much memory this process has held before now, where the system can. */
export const resetPeak = (): void => {
  try {
    writeFileSync("/proc/self/clear_refs", "5")
  } catch {
    // Then the peak is that of the process's whole life.
  }
}

/** The most memory that this process has held since {@link resetPeak}, in bytes. */
export const ownPeak = (): number => statusOf(process.pid, "VmHWM") || process.resourceUsage().maxRSS * KIB

/** Milliseconds between two looks at a host. */
const INTERVAL = 200

/** Follows the memory of a process and of what it starts, until it is stopped. */
export const followMemory = (pid: number): { readonly stop: () => number } => {
  let peak = 0
  const look = (): void => {
    peak = Math.max(peak, memoryOf(pid) + memoryOfChildren(pid))
  }
  const timer = setInterval(look, INTERVAL)
  return {
    stop: () => {
      clearInterval(timer)
      return peak
    },
  }
}
