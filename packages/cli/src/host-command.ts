import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import type { HostCommand } from "@diva-pipeline/core"

/** How the engine starts a host process: this Node, and the entry point beside this file, built or not. */
export const hostCommand = (): HostCommand => {
  const here = fileURLToPath(import.meta.url)
  const entry = fileURLToPath(new URL(`./host${extname(here)}`, import.meta.url))
  return { command: process.execPath, args: [...process.execArgv, entry] }
}
