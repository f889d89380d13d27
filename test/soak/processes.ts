import { readdirSync, readFileSync, readlinkSync } from "node:fs"

const textOf = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ""
  }
}

/** Linux processes that work in a folder, or that were given a path in it. Ended ones that nobody has asked after don't count. */
export const processesOf = (folder: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) =>
      [
        textOf(() => readlinkSync(`/proc/${pid}/cwd`)),
        textOf(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")),
        textOf(() => readFileSync(`/proc/${pid}/environ`, "utf8")),
      ].some((text) => text.includes(folder)),
    )

/** The processes that a process has started. */
export const childrenOf = (pid: number): ReadonlyArray<number> =>
  textOf(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"))
    .split(" ")
    .filter((child) => child !== "")
    .map(Number)

/** A process as people would look it up. */
export const nameOf = (pid: number): string =>
  `${pid} ${textOf(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))
    .replaceAll("\0", " ")
    .trim()}`
