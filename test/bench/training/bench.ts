import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { hostEnvironment } from "../../../packages/core/src/stage/index.ts"
import { median } from "../measure.ts"

/** Works that PyTorch does as well, with the share of its time and memory that we want to stay within. */
const COMPARED = [
  ["small", "small models, batch 16, one optimiser step", 0.8, Number.POSITIVE_INFINITY, 3],
  ["large", "ViT-L/14-224 and SD 2.1, batch 1, two draws", 0.9, 1.2, 1],
] as const

interface Spent {
  /** Wall time of one, and the processor's. */
  readonly seconds: number
  readonly processor: number
}

interface Timed extends Spent {
  readonly megabytes: number
  /** Images that one takes. */
  readonly images: number
}

/** What one of our programs prints last; it gets what a stage's process gets. */
const printedBy = <Result>(program: string, ...args: ReadonlyArray<string>): Result =>
  lastLine(process.execPath, ["--conditions=source", join(import.meta.dirname, program), ...args], {
    ...process.env,
    ...hostEnvironment({}),
  })

const lastLine = <Result>(command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv): Result => {
  const printed = execFileSync(command, [...args], { stdio: ["ignore", "pipe", "inherit"], env }).toString()
  const result: Result = JSON.parse(printed.trim().split("\n").at(-1) ?? "")
  return result
}

const ours = (folder: string, name: string, repeats: number): Timed =>
  printedBy("ours.ts", name, String(repeats), folder)

const shown = ({ seconds, processor, megabytes }: Timed): string =>
  `${seconds.toFixed(2)} s (processor ${processor.toFixed(2)} s), ${megabytes.toFixed(0)} MB`

const shareOf = (known: Spent, whole: Spent): string =>
  `${(known.seconds / whole.seconds).toFixed(2)} × of one without (wanted ≤ 0.75), ` +
  `processor ${(known.processor / whole.processor).toFixed(2)} ×`

/** What an image costs the first member of a sweep and the others, at full size. */
const members = (folder: string): { readonly first: Spent; readonly second: Spent } =>
  printedBy("ours.ts", "members", "1", folder)

/** What each saving of a step saves, with the small models. */
const savings = (folder: string): ReadonlyArray<string> => {
  const found = printedBy<{
    readonly seconds: Readonly<Record<string, number>>
    readonly megabytes: { readonly kept: number; readonly twice: number }
  }>("savings.ts", folder)
  const { kept, twice } = found.megabytes
  return [
    ...Object.entries(found.seconds).map(
      ([name, seconds]) => `${name}: ${seconds.toFixed(3)} s of the processor`,
    ),
    `tensors at most: ${kept.toFixed(0)} MB, with activations computed twice ${twice.toFixed(0)} MB`,
  ]
}

const middle = (times: ReadonlyArray<Timed>): Timed | undefined => {
  const seconds = median(times.map((time) => time.seconds))
  return times.find((time) => time.seconds === seconds)
}

/** Times DIVA's step here and, where it is installed, in PyTorch, in turns, each in a process of its own. */
export const benchTraining = ({
  bin,
  only,
}: {
  readonly bin: string
  readonly only: string | undefined
}): void => {
  const python = join(bin, "python")
  const folder = mkdtempSync(join(tmpdir(), "bench-training-"))
  const wanted = (name: string) => only === undefined || only === name
  const say = (line: string) => process.stdout.write(`${line}\n`)
  try {
    for (const [name, title, time, memory, turns] of COMPARED) {
      if (!wanted(name)) continue
      const repeats = name === "small" ? 10 : 1
      const own: Array<Timed> = []
      const peers: Array<Timed> = []
      for (let turn = 0; turn < turns; turn++) {
        own.push(ours(folder, name, repeats))
        if (existsSync(python))
          peers.push(
            lastLine(python, [join(import.meta.dirname, "peer.py"), name, String(repeats)], process.env),
          )
      }
      const [one, peer] = [middle(own), middle(peers)]
      if (one === undefined) continue
      say(`${title}: ours ${shown(one)}`)
      if (peer === undefined) continue
      say(`  PyTorch ${shown(peer)}`)
      say(
        `  ${(one.seconds / peer.seconds).toFixed(2)} × its time (wanted ≤ ${time}), ` +
          `${(one.processor / peer.processor).toFixed(2)} × of the processor, ` +
          `${(one.megabytes / peer.megabytes).toFixed(2)} × its memory (wanted ≤ ${memory})`,
      )
    }
    if (wanted("latents")) {
      const [whole, known] = [ours(folder, "small", 10), ours(folder, "latents", 10)]
      say(`a step of the small models with known latents: ${shown(known)}, ${shareOf(known, whole)}`)
      const { first, second } = members(folder)
      say(
        `an image of ViT-L/14-224 and SD 2.1: ${first.processor.toFixed(1)} s of the processor for a sweep's first member, ` +
          `${second.processor.toFixed(1)} s for others, ${shareOf(second, first)}`,
      )
    }
    if (wanted("savings")) for (const line of savings(folder)) say(line)
    if (wanted("data")) {
      const [step, data] = [ours(folder, "small", 10), ours(folder, "data", 1)]
      const [consumed, made] = [step.images / step.seconds, data.images / data.seconds]
      say(
        `images from shards: ${made.toFixed(0)} images/s alone, ${(made / consumed).toFixed(1)} × ` +
          `what a step of the small models consumes (wanted ≥ 5)`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
