import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { measureTree, type TreeMeasured } from "./process-tree.ts"
import { LONG, WORKS, type Work } from "./works.ts"

/** What is measured. */
export interface DownloadBenchOptions {
  /** Programs of a Python environment with img2dataset. */
  readonly bin: string
  /** One of the works, by its name. */
  readonly only: string | undefined
  readonly images: number
  /** How often each program runs on each work, in orders that alternate; medians count. */
  readonly repeats: number
}

/** What img2dataset needs beside itself. */
export const DOWNLOAD_PEERS = ["img2dataset==1.47.0", "setuptools<81"]

const root = resolve(import.meta.dirname, "../../..")
const PICTURES = join(root, ".build", "bench-pictures")
const COMMAND = join(root, "packages", "cli", "bin", "diva-pipeline")

/** img2dataset's best configuration on two cores: two processes, as many shards. */
const theirs = (
  bin: string,
  { options, threads = 32 }: Work,
  list: string,
  output: string,
  images: number,
) => [
  join(bin, "img2dataset"),
  list,
  `--output_folder=${output}`,
  "--processes_count=2",
  `--thread_count=${threads}`,
  `--number_sample_per_shard=${Math.min(10_000, Math.ceil(images / 2))}`,
  ...options,
]

const ours = ({ options }: Work, list: string, output: string, images: number) => [
  COMMAND,
  "image2dataset",
  list,
  `--output_folder=${output}`,
  `--number_sample_per_shard=${Math.min(10_000, Math.ceil(images / 2))}`,
  "--allow_private_addresses",
  "--connections_per_host=64",
  "--silent_connections_per_host=64",
  ...options,
]

const print = (text: string): void => void process.stdout.write(`${text}\n`)

interface Server {
  readonly address: string
  readonly process: ChildProcess
  readonly cpu: () => Promise<number>
}

const startServer = async (): Promise<Server> => {
  const server = spawn(process.execPath, [join(import.meta.dirname, "server.ts"), PICTURES], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const port = await new Promise<string>((resolve) =>
    server.stdout.once("data", (text) => resolve(String(text).trim())),
  )
  const address = `http://127.0.0.1:${port}`
  const cpu = async () => Number(await (await fetch(`${address}/cpu`)).text())
  return { address, process: server, cpu }
}

interface Taken extends TreeMeasured {
  /** CPU seconds of the server meanwhile. */
  readonly server: number
}

const take = async (server: Server, command: ReadonlyArray<string>): Promise<Taken> => {
  const before = await server.cpu()
  const measured = await measureTree(command)
  return { ...measured, server: (await server.cpu()) - before }
}

const line = (name: string, images: number, { seconds, cpu, memory, server }: Taken): string =>
  `${name.padEnd(28)} ${(images / seconds).toFixed(0).padStart(7)} ${seconds.toFixed(2).padStart(8)} s ${cpu.toFixed(1).padStart(7)} s ${memory.toFixed(0).padStart(7)} MB ${((100 * server) / seconds).toFixed(0).padStart(6)} %`

type Who = "ours" | "theirs"
type Measure = "seconds" | "cpu" | "memory"

const NAMES = { ours: "diva-pipeline", theirs: "img2dataset" } as const
const ORDERS: ReadonlyArray<ReadonlyArray<Who>> = [
  ["ours", "theirs"],
  ["theirs", "ours"],
]

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/** Lines of the table that is printed in the end. */
const results: Array<string> = []

const conclude = (
  name: string,
  images: number,
  goal: string,
  runs: Readonly<Record<Who, ReadonlyArray<Taken>>>,
) => {
  const of = (who: Who, part: Measure) => median(runs[who].map((taken) => taken[part]))
  const ratio = (part: Measure) => of("theirs", part) / of("ours", part)
  const rates = `${(images / of("ours", "seconds")).toFixed(0)} : ${(images / of("theirs", "seconds")).toFixed(0)}`
  const cpu = `${of("ours", "cpu").toFixed(1)} : ${of("theirs", "cpu").toFixed(1)} s`
  const line = [
    name.padEnd(16),
    rates.padStart(14),
    `${ratio("seconds").toFixed(2)} ×`.padStart(9),
    cpu.padStart(16),
    `${ratio("cpu").toFixed(2)} ×`.padStart(9),
    `${(1 / ratio("memory")).toFixed(2)} ×`.padStart(9),
    `  ${goal}`,
  ].join("")
  results.push(line)
  print(`${line}\n`)
}

/** Both programs on one work, in both orders; the last outputs stay for the look at nothing to do. */
const compare = async (server: Server, work: Work, folder: string, options: DownloadBenchOptions) => {
  const { images, bin, repeats } = options
  const list = work.list(folder, server.address, images)
  const outputs = { ours: join(folder, `${work.name}-ours`), theirs: join(folder, `${work.name}-theirs`) }
  const commands = {
    ours: ours(work, list, outputs.ours, images),
    theirs: theirs(bin, work, list, outputs.theirs, images),
  }
  const run = async (who: Who, title: string) => {
    const taken = await take(server, commands[who])
    print(line(`${title}, ${NAMES[who]}`, images, taken))
    return taken
  }
  const runs: Record<Who, Array<Taken>> = { ours: [], theirs: [] }
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const who of ORDERS[repeat % 2] ?? []) {
      rmSync(outputs[who], { recursive: true, force: true })
      runs[who].push(await run(who, work.name))
    }
  conclude(work.name, images, work.goal, runs)
  if (work.isRepeated !== true) return
  const again: Record<Who, Array<Taken>> = { ours: [], theirs: [] }
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const who of ORDERS[repeat % 2] ?? []) again[who].push(await run(who, "nothing to do"))
  conclude("nothing to do", images, "≥ 10 × (≤ 0.1 of its time)", again)
}

/** `npm run bench image2dataset`: the downloader beside img2dataset, with one server and one list for both. */
export const benchDownload = async (options: DownloadBenchOptions): Promise<void> => {
  if (!existsSync(join(options.bin, "img2dataset"))) {
    print("img2dataset is not installed: --install-peers installs it")
    return
  }
  const folder = mkdtempSync(join(tmpdir(), "bench-image2dataset-"))
  const server = await startServer()
  try {
    print(`${"".padEnd(28)} images/s     wall        CPU    memory   server's CPU`)
    for (const work of WORKS) {
      if (options.only !== undefined && options.only !== work.name) continue
      await compare(server, work, folder, options)
    }
    if (options.only === undefined || options.only === LONG.name)
      await compare(server, LONG, folder, { ...options, images: 1_000_000, repeats: 1 })
    print("                images/s of both   as fast      CPU of both   less CPU    memory  goal")
    for (const result of results) print(result)
  } finally {
    server.process.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
