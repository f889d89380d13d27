import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"

/** The works, with the times of PyTorch's that we want to stay within. */
const WORKS = [
  ["features", "image features, ViT-L/14-224, batch 8", 1.25],
  ["blocks", "4 ViT-L blocks forward and backward, batch 4", 1.25],
  ["unet", "SD 2.1 UNet forward, 1×64×64", 1.3],
  ["unet-gradient", "the same, and its gradient to the context", 1.3],
  ["preprocess", "50 JPEGs of 640×480 to 224", 1],
] as const

/** Packages to compare with. */
export const MODEL_PEERS = [
  "torch==2.13.0",
  "open_clip_torch==3.3.0",
  "timm==1.0.31",
  "diffusers==0.42.1",
  "transformers==5.23.0",
]

interface Timed {
  readonly seconds: number
  readonly megabytes: number
  readonly what: string
}

const timed = (command: string, args: ReadonlyArray<string>): Timed => {
  const printed = execFileSync(command, [...args], { stdio: ["ignore", "pipe", "inherit"] }).toString()
  const { seconds, megabytes, what }: Timed = JSON.parse(printed.trim().split("\n").at(-1) ?? "")
  return { seconds, megabytes, what }
}

const shown = (time: Timed | undefined): string =>
  time === undefined ? "–" : `${time.seconds.toFixed(2)} s, ${time.megabytes.toFixed(0)} MB (${time.what})`

/** Times each work here and, where it is installed, in PyTorch, each in a process of its own. */
export const benchModels = ({
  bin,
  only,
  repeats,
}: {
  readonly bin: string
  readonly only: string | undefined
  readonly repeats: number
}): void => {
  const python = join(bin, "python")
  for (const [name, title, wanted] of WORKS) {
    if (only !== undefined && only !== name) continue
    const ours = timed(process.execPath, [
      "--conditions=source",
      join(import.meta.dirname, "ours.ts"),
      name,
      String(repeats),
    ])
    const peer = existsSync(python)
      ? timed(python, [join(import.meta.dirname, "peer.py"), name, String(repeats)])
      : undefined
    const ratio =
      peer === undefined ? "" : ` · ${(ours.seconds / peer.seconds).toFixed(2)} × (wanted ≤ ${wanted})`
    process.stdout.write(`${title}: ours ${shown(ours)} · PyTorch ${shown(peer)}${ratio}\n`)
  }
}
