import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { measureTree, type TreeMeasured } from "../image2dataset/process-tree.ts"
import { TORCH_PEERS } from "../peers.ts"
import { writeClassification, writeDocument, writeModelConfig } from "./works.ts"

/** Packages to compare with. */
export const EVALUATION_PEERS = [...TORCH_PEERS, "clip_benchmark==1.6.2", "webdataset==0.2.111"]

const root = join(import.meta.dirname, "../../..")
const command = join(root, "packages", "cli", "bin", "diva-pipeline")
const script = join(root, "test", "reference", "zero_shot.py")
const ours = join(import.meta.dirname, "ours.ts")
const peer = join(import.meta.dirname, "peer.py")

export interface EvaluationBench {
  readonly bin: string
  readonly only: string | undefined
  readonly images: number
  readonly classes: number
  readonly repeats: number
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const shown = ({ seconds, cpu, memory }: TreeMeasured): string =>
  `${cpu.toFixed(1)} s CPU, ${seconds.toFixed(1)} s, ${memory.toFixed(0)} MB`

/** Says a work's times on both sides, and their ratio by CPU time, which counts on busy machines too. */
const compare = (
  title: string,
  own: TreeMeasured,
  theirs: TreeMeasured | undefined,
  wanted: string,
): void => {
  const ratio = theirs === undefined ? "" : ` · ${(own.cpu / theirs.cpu).toFixed(3)} × (wanted ≤ ${wanted})`
  say(`${title}: ours ${shown(own)} · theirs ${theirs === undefined ? "–" : shown(theirs)}${ratio}`)
}

/** Times the evaluation here and, where they are installed, with open_clip and CLIP_benchmark, in whole processes. */
export const benchEvaluation = async (options: EvaluationBench): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-evaluation-"))
  try {
    if (options.only === undefined || options.only === "zero-shot") await zeroShot(folder, options)
    if (options.only === undefined || options.only === "logits") await single("logits", options)
    if (options.only === undefined || options.only === "retrieval") await single("retrieval", options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const zeroShot = async (
  folder: string,
  { bin, images, classes, repeats }: EvaluationBench,
): Promise<void> => {
  const python = join(bin, "python")
  if (!existsSync(python)) {
    say(`zero-shot: ${python} is not there to make a model in open_clip's layout: --install-peers`)
    return
  }
  const model = join(folder, "model")
  execFileSync(python, [script, "model", model, writeModelConfig(folder)], { stdio: "ignore" })
  const benchmark = join(folder, "benchmark")
  await writeClassification(benchmark, images, classes)
  say(`${images} images, ${classes} classes × 80 templates, small ViT, end to end from webdataset`)
  for (let turn = 0; turn < repeats; turn++) {
    const cases = join(folder, "cases.json")
    const output = join(folder, "theirs.json")
    writeFileSync(
      cases,
      JSON.stringify([{ model, benchmark, task: "zeroshot_classification", output, workers: 2 }]),
    )
    const theirs = await measureTree([python, script, "eval", cases])
    const work = mkdtempSync(join(folder, "work-"))
    const run = (...args: ReadonlyArray<string>) => {
      const document = writeDocument(work, model, benchmark)
      return measureTree([
        command,
        "run",
        document,
        "--store",
        join(work, "store"),
        "--results",
        join(work, "results"),
        ...args,
      ])
    }
    compare("  first", await run(), theirs, "0.8")
    const { metrics } = JSON.parse(readFileSync(join(work, "results", "bench", "metrics.json"), "utf8"))
    const { metrics: expected } = JSON.parse(readFileSync(output, "utf8"))
    say(`    acc1 ${metrics.acc1} ours, ${expected.acc1} theirs; acc5 ${metrics.acc5}, ${expected.acc5}`)
    compare("  again with another metric", await run("--param", "places=[1,10]"), theirs, "0.02")
    compare("  one more set of 7 templates", await run("--param", "set=seven"), theirs, "0.2")
    compare("  one more set of 80 templates", await run("--param", "set=others"), theirs, "0.2")
    rmSync(work, { recursive: true, force: true })
  }
}

/** A work that is one process on each side. */
const single = async (name: "logits" | "retrieval", { bin, repeats }: EvaluationBench) => {
  const python = join(bin, "python")
  const [title, wanted] =
    name === "logits"
      ? ["50 000 × 1 000 logits, acc1, acc5, per-class recall, 1 000 bootstrap draws of each", "5 s"]
      : ["retrieval, 5 000 images × 25 000 texts, recall@1/5/10 both ways", "1.0"]
  for (let turn = 0; turn < repeats; turn++) {
    const own = await measureTree([process.execPath, "--conditions=source", ours, name])
    const theirs =
      existsSync(python) && name === "retrieval" ? await measureTree([python, peer, name]) : undefined
    compare(title, own, theirs, wanted)
    say(
      `    ours ${own.printed.trim().split("\n").at(-1)}; theirs ${theirs?.printed.trim().split("\n").at(-1) ?? "–"}`,
    )
  }
  if (name === "retrieval") {
    const larger = await measureTree([process.execPath, "--conditions=source", ours, name, "10000"])
    say(`  four times the product, 10 000 images × 50 000 texts: ours ${shown(larger)}`)
  }
}
