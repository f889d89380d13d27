import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { benchmarkKey, type Sample, writeBenchmarkSamples, writeShards } from "../../formats/index.ts"
import { encodePng } from "../../images/index.ts"
import { DIGIT_SIZE, type Digit } from "./mnist.ts"

const SAMPLES_PER_SHARD = 10_000

/** CLIP's own template for MNIST. */
export const DIGIT_TEMPLATE = 'a photo of the number: "{c}".'

/** Writes digits as webdataset shards of `.png`, `.txt` (a caption) and `.cls` (the label). */
export const writeTrainingDigits = async (folder: string, digits: ReadonlyArray<Digit>): Promise<void> => {
  await writeShards(folder, captionedSamples(digits), { samplesPerShard: SAMPLES_PER_SHARD })
}

/** Writes digits as a zero-shot classification benchmark in CLIP_benchmark's layout. */
export const writeDigitsBenchmark = async (folder: string, digits: ReadonlyArray<Digit>): Promise<void> => {
  await writeBenchmarkSamples(folder, labelledSamples(digits), SAMPLES_PER_SHARD)
  const names = Array.from({ length: 10 }, (_, label) => `${label}\n`)
  await writeFile(join(folder, "classnames.txt"), names.join(""))
  await writeFile(join(folder, "zeroshot_classification_templates.txt"), `${DIGIT_TEMPLATE}\n`)
}

function* captionedSamples(digits: ReadonlyArray<Digit>): Generator<Sample> {
  for (const [index, digit] of digits.entries()) {
    const files = new Map([
      ["png", encodeDigit(digit)],
      ["txt", Buffer.from(DIGIT_TEMPLATE.replace("{c}", String(digit.label)))],
      ["cls", Buffer.from(String(digit.label))],
    ])
    yield { key: String(index).padStart(9, "0"), files }
  }
}

function* labelledSamples(digits: ReadonlyArray<Digit>): Generator<Sample> {
  for (const [index, digit] of digits.entries()) {
    const files = new Map([
      ["png", encodeDigit(digit)],
      ["cls", Buffer.from(String(digit.label))],
    ])
    yield { key: benchmarkKey(index), files }
  }
}

const encodeDigit = ({ pixels }: Digit): Buffer => {
  const data = new Uint8Array(3 * pixels.length)
  for (let at = 0; at < data.length; at++) data[at] = pixels[Math.trunc(at / 3)] ?? 0
  return encodePng({ width: DIGIT_SIZE, height: DIGIT_SIZE, data })
}
