import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { Schema } from "effect"

/** Which process of which machine: process numbers are reused, so the moment of its start belongs to it. */
export const ProcessIdentity = Schema.Struct({
  /** The machine since its last start; a container counts as a machine. */
  machine: Schema.String,
  pid: Schema.Number,
  /** When the process started, in the system's own unit; empty where the system doesn't say. */
  started: Schema.String,
})
export type ProcessIdentity = typeof ProcessIdentity.Type

const textOf = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return ""
  }
}

let ownMachine: string | undefined

const machine = (): string => {
  ownMachine ??= [
    hostname(),
    textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    textOf(() => readlinkSync("/proc/self/ns/pid")),
  ].join(" ")
  return ownMachine
}

/** Field 22 of `/proc/<pid>/stat`, counted after the command's name, which may hold anything. */
const startOf = (pid: number): string => {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
}

/** A process of this machine. */
export const identityOf = (pid: number): ProcessIdentity => ({
  machine: machine(),
  pid,
  started: startOf(pid),
})

/** This process. */
export const ownIdentity = (): ProcessIdentity => identityOf(process.pid)

/** Whether a process still runs; `undefined` when it belongs to another machine. */
export const isRunning = (identity: ProcessIdentity): boolean | undefined => {
  if (identity.machine !== machine()) return undefined
  try {
    process.kill(identity.pid, 0)
  } catch (cause) {
    // EPERM: it runs, but is somebody else's.
    if (!(cause instanceof Error && "code" in cause && cause.code === "EPERM")) return false
  }
  return startOf(identity.pid) === identity.started
}
