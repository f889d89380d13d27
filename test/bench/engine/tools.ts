import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Workload } from "./workloads.ts"

/** An engine that runs a workload in a folder that has the inputs. */
export interface Tool {
  readonly name: string
  /** Whether it is here to be measured. */
  readonly isInstalled: boolean
  /** Chains that it is measured on by default: more would take minutes. */
  readonly most: number
  /** Writes what it needs beside the inputs. */
  readonly prepare: (folder: string, workload: Workload) => void
  /** The command that brings everything up to date. */
  readonly command: ReadonlyArray<string>
}

const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, index) => index)

/** Our own command. */
export const ours = (program: ReadonlyArray<string>): Tool => ({
  name: "diva-pipeline",
  isInstalled: true,
  most: Number.POSITIVE_INFINITY,
  prepare: (folder, { chains, length }) => {
    const stages = range(length).map((level) => {
      const from =
        level === 0 ? `in/\${{ matrix.chain }}.txt` : `\${{ stages.level${level - 1}.outputs.file }}`
      return `  level${level}:\n    uses: bench/copy\n    matrix: { chain: "\${{ params.chains }}" }\n    with: { from: "${from}" }\n`
    })
    writeFileSync(join(folder, "chains.json"), JSON.stringify({ chains: range(chains) }))
    writeFileSync(
      join(folder, "bench.yaml"),
      `version: 1\nname: bench\nparams: { chains: { type: array, items: { type: integer } } }\nstages:\n${stages.join("")}`,
    )
  },
  command: [...program, "run", "bench.yaml", "--params", "chains.json"],
})

const make: Tool = {
  name: "make",
  isInstalled: ["/usr/bin/make", "/usr/local/bin/make"].some(existsSync),
  most: Number.POSITIVE_INFINITY,
  prepare: (folder, { chains, length }) => {
    const levels = range(length).map((level) => {
      mkdirSync(join(folder, `level${level}`), { recursive: true })
      return `level${level}/%: ${level === 0 ? "in" : `level${level - 1}`}/%\n\tcp $< $@\n`
    })
    const targets = range(chains).map((chain) => `level${length - 1}/${chain}.txt`)
    writeFileSync(join(folder, "Makefile"), `all: ${targets.join(" ")}\n.SECONDARY:\n${levels.join("")}`)
  },
  command: ["make", "-s", "-j2"],
}

const snakemake = (bin: string): Tool => ({
  name: "snakemake",
  isInstalled: existsSync(join(bin, "snakemake")),
  most: Number.POSITIVE_INFINITY,
  prepare: (folder, { chains, length }) => {
    const rules = range(length).map((level) => {
      const from = level === 0 ? "in" : `level${level - 1}`
      return `rule level${level}:\n    input: "${from}/{chain}.txt"\n    output: "level${level}/{chain}.txt"\n    shell: "cp {input} {output}"\n`
    })
    const all = `rule all:\n    input: expand("level${length - 1}/{chain}.txt", chain=range(${chains}))\n`
    writeFileSync(join(folder, "Snakefile"), [all, ...rules].join("\n"))
  },
  command: [join(bin, "snakemake"), "-q", "all", "-j2"],
})

const luigi = (bin: string): Tool => ({
  name: "luigi",
  isInstalled: existsSync(join(bin, "luigi")),
  most: Number.POSITIVE_INFINITY,
  prepare: (folder, { chains, length }) =>
    writeFileSync(
      join(folder, "chains.py"),
      `import luigi, shutil

class Copy(luigi.Task):
    level = luigi.IntParameter()
    chain = luigi.IntParameter()

    def requires(self):
        return [] if self.level == 0 else [Copy(self.level - 1, self.chain)]

    def output(self):
        return luigi.LocalTarget(f"level{self.level}/{self.chain}.txt")

    def run(self):
        source = f"in/{self.chain}.txt" if self.level == 0 else self.input()[0].path
        self.output().makedirs()
        shutil.copyfile(source, self.output().path)

tasks = [Copy(${length - 1}, chain) for chain in range(${chains})]
if not luigi.build(tasks, local_scheduler=True, workers=1, log_level="ERROR"):
    raise SystemExit(1)
`,
    ),
  command: [join(bin, "python"), "chains.py"],
})

const redun = (bin: string): Tool => ({
  name: "redun",
  isInstalled: existsSync(join(bin, "redun")),
  most: Number.POSITIVE_INFINITY,
  prepare: (folder, { chains, length }) =>
    writeFileSync(
      join(folder, "chains.py"),
      `import shutil
from redun import File, task

redun_namespace = "bench"

@task()
def copy(source: File, level: int, chain: int) -> File:
    target = File(f"level{level}/{chain}.txt")
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write)
    return target

@task()
def main() -> list:
    files = [File(f"in/{chain}.txt") for chain in range(${chains})]
    for level in range(${length}):
        files = [copy(file, level, chain) for chain, file in enumerate(files)]
    return files
`,
    ),
  command: [join(bin, "redun"), "run", "chains.py", "main"],
})

const dvc = (bin: string): Tool => ({
  name: "dvc",
  isInstalled: existsSync(join(bin, "dvc")),
  most: 100,
  prepare: (folder, { chains, length }) => {
    const stages = range(length).flatMap((level) =>
      range(chains).map((chain) => {
        const from = `${level === 0 ? "in" : `level${level - 1}`}/${chain}.txt`
        const to = `level${level}/${chain}.txt`
        return `  copy-${level}-${chain}:\n    cmd: mkdir -p level${level} && cp ${from} ${to}\n    deps: [${from}]\n    outs: [${to}]\n`
      }),
    )
    writeFileSync(join(folder, "dvc.yaml"), `stages:\n${stages.join("")}`)
    execFileSync(join(bin, "dvc"), ["init", "-q", "--no-scm"], { cwd: folder })
    execFileSync(join(bin, "dvc"), ["config", "core.analytics", "false"], { cwd: folder })
  },
  command: [join(bin, "dvc"), "repro", "-q"],
})

/** The engines that people use today, as far as they are installed in the given folder of a Python environment. */
export const peers = (bin: string): ReadonlyArray<Tool> => [
  make,
  snakemake(bin),
  luigi(bin),
  redun(bin),
  dvc(bin),
]
