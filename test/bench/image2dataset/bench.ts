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
}

/** What img2dataset needs beside itself. */
export const DOWNLOAD_PEERS = ["img2dataset==1.47.0", "setuptools<81"]

const root = resolve(import.meta.dirname, "../../..")
const PICTURES = join(root, ".build", "bench-pictures")
const COMMAND = join(root, "packages", "cli", "bin", "diva-pipeline")

/** img2dataset's best configuration on two cores: two processes, as many shards. */
const theirs = (bin: string, { options }: Work, list: string, output: string, images: number) => [
  join(bin, "img2dataset"),
  list,
  `--output_folder=${output}`,
  "--processes_count=2",
  "--thread_count=32",
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

/** Both programs on one work, in both orders; the last outputs stay for the look at nothing to do. */
const compare = async (server: Server, work: Work, folder: string, options: DownloadBenchOptions) => {
  const { images, bin } = options
  const list = work.list(folder, server.address, images)
  const outputs = { ours: join(folder, `${work.name}-ours`), theirs: join(folder, `${work.name}-theirs`) }
  const run = async (who: "ours" | "theirs") => {
    rmSync(outputs[who], { recursive: true, force: true })
    const command =
      who === "ours"
        ? ours(work, list, outputs.ours, images)
        : theirs(bin, work, list, outputs.theirs, images)
    const taken = await take(server, command)
    print(line(`${work.name}, ${who === "ours" ? "diva-pipeline" : "img2dataset"}`, images, taken))
    return taken
  }
  const first = { ours: await run("ours"), theirs: await run("theirs") }
  const second = { theirs: await run("theirs"), ours: await run("ours") }
  const ratio = (part: "seconds" | "cpu" | "memory") =>
    (first.theirs[part] + second.theirs[part]) / (first.ours[part] + second.ours[part])
  print(
    `${work.name.padEnd(28)} ${ratio("seconds").toFixed(2)} × as fast (goal ${work.goal}), ${ratio("cpu").toFixed(2)} × less CPU, ${(1 / ratio("memory")).toFixed(2)} × the memory\n`,
  )
  return { list, outputs }
}

const nothingToDo = async (server: Server, work: Work, folder: string, options: DownloadBenchOptions) => {
  const { list, outputs } = await compare(server, work, folder, options)
  const again = {
    ours: await take(server, ours(work, list, outputs.ours, options.images)),
    theirs: await take(server, theirs(options.bin, work, list, outputs.theirs, options.images)),
  }
  print(line("nothing to do, diva-pipeline", options.images, again.ours))
  print(line("nothing to do, img2dataset", options.images, again.theirs))
  print(
    `${"nothing to do".padEnd(28)} ${(again.ours.seconds / again.theirs.seconds).toFixed(3)} × its time (goal ≤ 0.1 ×)\n`,
  )
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
      if (work.name === "keep_ratio") await nothingToDo(server, work, folder, options)
      else await compare(server, work, folder, options)
    }
    if (options.only === LONG.name) await compare(server, LONG, folder, { ...options, images: 1_000_000 })
  } finally {
    server.process.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
