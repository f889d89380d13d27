import { execFileSync } from "node:child_process"
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import sharp from "sharp"
import { hostEnvironment } from "../../../packages/core/src/stage/index.ts"
import { median } from "../measure.ts"
import { TORCH_PEERS } from "../peers.ts"

/** The works, with the times of PyTorch's that we want to stay within, and how often each is run, in turns. */
const WORKS = [
  ["features", "image features, ViT-L/14-224, batch 8", 1.25, 1],
  ["blocks", "4 ViT-L blocks forward and backward, batch 4", 1.25, 1],
  ["unet", "SD 2.1 UNet forward, 1×64×64", 1.3, 1],
  ["unet-gradient", "the same, and its gradient to the context", 1.3, 1],
  ["load", "a safetensors file of 1.7 GB, read and added up", 1.2, 3],
  ["preprocess", "50 JPEGs of 640×480 to 224, time of the processor", 1, 5],
] as const

/** Packages to compare with. */
export const MODEL_PEERS = [...TORCH_PEERS, "timm==1.0.31", "diffusers==0.42.1", "transformers==5.23.0"]

interface Timed {
  readonly seconds: number
  readonly megabytes: number
  readonly what: string
}

const timed = (command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): Timed => {
  const printed = execFileSync(command, [...args], { env, stdio: ["ignore", "pipe", "inherit"] }).toString()
  const { seconds, megabytes, what }: Timed = JSON.parse(printed.trim().split("\n").at(-1) ?? "")
  return { seconds, megabytes, what }
}

const shown = (time: Timed | undefined): string =>
  time === undefined ? "–" : `${time.seconds.toFixed(2)} s, ${time.megabytes.toFixed(0)} MB (${time.what})`

/** Times each work here and, where it is installed, in PyTorch, each in a process of its own. */
export const benchModels = async ({
  bin,
  only,
  repeats,
}: {
  readonly bin: string
  readonly only: string | undefined
  readonly repeats: number
}): Promise<void> => {
  const python = join(bin, "python")
  const folder = mkdtempSync(join(tmpdir(), "bench-models-"))
  try {
    const picture = join(folder, "picture.jpg")
    writeFileSync(picture, await makePicture())
    const checkpoint = join(folder, "random.safetensors")
    const program = ["--conditions=source", join(import.meta.dirname, "ours.ts")]
    for (const [name, title, wanted, turns] of WORKS) {
      if (only !== undefined && only !== name) continue
      if (name === "load") writeRandomCheckpoint(checkpoint)
      const args = [name, String(repeats), picture, checkpoint]
      const ours: Array<Timed> = []
      const peers: Array<Timed> = []
      for (let turn = 0; turn < turns; turn++) {
        ours.push(timed(process.execPath, [...program, ...args], { ...process.env, ...hostEnvironment({}) }))
        if (existsSync(python)) peers.push(timed(python, [join(import.meta.dirname, "peer.py"), ...args]))
      }
      const [own, peer] = [middle(ours), middle(peers)]
      const ratio =
        own === undefined || peer === undefined
          ? ""
          : ` · ${(own.seconds / peer.seconds).toFixed(2)} × (wanted ≤ ${wanted})`
      process.stdout.write(`${title}: ours ${shown(own)} · PyTorch ${shown(peer)}${ratio}\n`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A JPEG of 640×480, about as large as a photograph's. */
const makePicture = (): Promise<Buffer> => {
  const noise = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, index) => (index * 7919) % 256))
  const small = sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
  return small.resize(640, 480).jpeg({ quality: 90 }).toBuffer()
}

/** As many numbers as CLIP ViT-L/14 has, in tensors of its largest block's size. */
const writeRandomCheckpoint = (path: string): void => {
  const [rows, width, count] = [4096, 1024, 102]
  const bytes = rows * width * 4
  const header = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `layer.${at}.weight`,
      { dtype: "F32", shape: [rows, width], data_offsets: [at * bytes, (at + 1) * bytes] },
    ]),
  )
  const text = JSON.stringify(header)
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const file = openSync(path, "w")
  for (const part of [length, json]) writeSync(file, part)
  const values = Buffer.from(Float32Array.from({ length: rows * width }, (_, at) => Math.sin(at)).buffer)
  for (let at = 0; at < count; at++) writeSync(file, values)
  closeSync(file)
}

const middle = (times: ReadonlyArray<Timed>): Timed | undefined => {
  const seconds = median(times.map((time) => time.seconds))
  return times.find((time) => time.seconds === seconds)
}
