#!/usr/bin/env node
// Node below 22.19 lacks what the engine needs; the workspace brings its own Node, which is used where it is there.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major > 22 || (major === 22 && minor >= 19)) {
  const main = join(here, "..", "dist", "main.js")
  if (existsSync(main)) await import(main)
  else {
    process.stderr.write("error: diva-pipeline is not built\n  hint: run `npm run setup`\n")
    process.exitCode = 1
  }
} else {
  const node = join(here, "..", "..", "..", "node_modules", ".bin", "node")
  if (existsSync(node)) {
    const result = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: "inherit",
    })
    process.exitCode = result.status ?? 1
  } else {
    process.stderr.write(`error: Node ${process.versions.node} is too old\n  hint: use Node 22.19 or later\n`)
    process.exitCode = 1
  }
}
