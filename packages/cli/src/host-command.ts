import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import type { HostCommand } from "@diva-pipeline/core"

/** Set for short runs by the script that starts the command; hosts live long, and count their memory. */
const isForShortRuns = (arg: string): boolean => arg.startsWith("--min-semi-space-size=")

/** How the engine starts a host process: this Node, and the entry point beside this file, built or not. */
export const hostCommand = (): HostCommand => {
  const here = fileURLToPath(import.meta.url)
  const entry = fileURLToPath(new URL(`./host${extname(here)}`, import.meta.url))
  return {
    command: process.execPath,
    args: [...process.execArgv.filter((arg) => !isForShortRuns(arg)), entry],
  }
}
