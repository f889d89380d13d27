import { readFileSync } from "node:fs"
import { join } from "node:path"

/** What the kernel says of the memory of this process's group. */
export interface MemoryGroup {
  /** How many processes of the group it has killed because memory ran out. */
  readonly kills: number
  /** Bytes that the group may hold; nothing where there is no limit. */
  readonly limit: number | undefined
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

/** Where the group's files may be: in a container they are at the top, whatever the group is called outside. */
const foldersOf = (root: string): ReadonlyArray<string> => {
  const groups = textOf(join(root, "proc/self/cgroup"))
  const top = join(root, "sys/fs/cgroup")
  const [, second] = /^0::(.*)$/m.exec(groups) ?? []
  const [, first] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups) ?? []
  return [join(top, second ?? ""), top, join(top, "memory", first ?? ""), join(top, "memory")]
}

/** No limit is written as a number beyond all memory, or as `max`. */
const UNLIMITED = 2 ** 60

/**
 * The memory group of this process, and so of the hosts that it starts; undefined where the system has none.
 *
 * @param root where `proc` and `sys` are, for tests
 */
export const memoryGroup = (root = "/"): MemoryGroup | undefined => {
  for (const folder of foldersOf(root)) {
    const events = textOf(join(folder, "memory.events")) || textOf(join(folder, "memory.oom_control"))
    const [, kills] = /^oom_kill (\d+)$/m.exec(events) ?? []
    if (kills === undefined) continue
    const limit = Number.parseInt(
      textOf(join(folder, "memory.max")) || textOf(join(folder, "memory.limit_in_bytes")),
      10,
    )
    return { kills: Number(kills), limit: limit < UNLIMITED ? limit : undefined }
  }
  return undefined
}
