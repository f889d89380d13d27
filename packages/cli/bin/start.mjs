// What can be done before the program is loaded: check Node, and keep the compiled program for the next start.
import { existsSync } from "node:fs"
import module from "node:module"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const fail = (message, hint) => {
  process.stderr.write(`error: ${message}\n  hint: ${hint}\n`)
  process.exitCode = 1
}

const main = join(dirname(fileURLToPath(import.meta.url)), "..", "dist", "main.js")
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old`, "use Node 22.19 or later")
} else if (!existsSync(main)) {
  fail("diva-pipeline is not built", "run `npm run setup`")
} else {
  const cache = process.env.XDG_CACHE_HOME?.startsWith("/")
    ? process.env.XDG_CACHE_HOME
    : join(homedir(), ".cache")
  module.enableCompileCache(join(cache, "diva-pipeline", "compiled"))
  await import(main)
}
