import { readdirSync, readFileSync } from "node:fs"
import { identityOf, isRunning, type ProcessIdentity } from "../store/index.ts"

const childrenIn = (file: string): ReadonlyArray<number> => {
  try {
    return (readFileSync(file, "utf8").match(/\d+/g) ?? []).map(Number)
  } catch {
    return []
  }
}

/** The processes that a process has started and that live. Linux only; none elsewhere. */
export const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      childrenIn(`/proc/${pid}/task/${thread}/children`),
    )
  } catch {
    return []
  }
}

/** The processes that a process has started, those that these have started, and so on, while they can be found. */
export const descendantsOf = (pid: number): ReadonlyArray<ProcessIdentity> =>
  childrenOf(pid).flatMap((child) => [identityOf(child), ...descendantsOf(child)])

/** Ends those processes that still live; numbers that others have by now are left alone. */
export const endProcesses = (processes: ReadonlyArray<ProcessIdentity>): void => {
  for (const identity of processes) {
    try {
      if (isRunning(identity)) process.kill(identity.pid, "SIGKILL")
    } catch {
      // It has ended meanwhile.
    }
  }
}
