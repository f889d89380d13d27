import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { benchEngine } from "./engine/bench.ts"

const USAGE = `npm run bench engine -- [--all] [--only compare|scale|large] [--install-peers]

  --install-peers  first installs snakemake, dvc, redun and luigi into .build/bench-peers
  --all            also what takes many minutes
  --only PART      one part of the benchmark
`

const root = resolve(import.meta.dirname, "../..")
const environment = join(root, ".build", "bench-peers")
const PEERS = ["snakemake==9.27.1", "dvc==3.67.1", "redun==0.44.1", "luigi==3.8.1"]

const installPeers = (): void => {
  if (!existsSync(environment)) {
    mkdirSync(dirname(environment), { recursive: true })
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" })
  }
  execFileSync(join(environment, "bin", "pip"), ["install", "--quiet", ...PEERS], { stdio: "inherit" })
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    only: { type: "string" },
    "install-peers": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})

if (values.help || positionals[0] !== "engine") {
  process.stdout.write(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  if (values["install-peers"]) installPeers()
  await benchEngine({ bin: join(environment, "bin"), all: values.all, only: values.only })
}
