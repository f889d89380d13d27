import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

/** What a command has taken. */
export interface Measured {
  /** Wall time in seconds, from its start to its end. */
  readonly seconds: number
  /** The largest resident memory of the process that was started, in MB; absent where the system does not tell. */
  readonly memory: number | undefined
}

/** How often the memory of a running command is looked at, in milliseconds. */
const LOOK = 20

const highWater = (pid: number): number | undefined => {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1000
  } catch {
    return undefined
  }
}

/** Runs a command to its end; fails, with what it printed, when that is not a good one. */
export const measure = (
  [command = "", ...args]: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly timeout?: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const begun = performance.now()
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    let printed = ""
    let memory: number | undefined
    const look = setInterval(() => {
      memory = (child.pid === undefined ? undefined : highWater(child.pid)) ?? memory
    }, LOOK)
    const end =
      options.timeout === undefined
        ? undefined
        : setTimeout(() => child.kill("SIGKILL"), options.timeout * 1000)
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => {
        printed = `${printed}${text}`.slice(-2000)
      })
    child.on("error", reject)
    child.on("close", (code, signal) => {
      const seconds = (performance.now() - begun) / 1000
      clearInterval(look)
      clearTimeout(end)
      if (code === 0) resolve({ seconds, memory })
      else
        reject(new Error(`${command} ended with ${code ?? signal} after ${seconds.toFixed(1)} s\n${printed}`))
    })
  })

/** The middle one of some numbers. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
