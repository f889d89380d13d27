import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import sharp from "sharp"

/** Different pictures; the server repeats them. */
const PICTURES = 200

/** A generator of numbers from 0 to 1 that is the same everywhere. */
const random = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Clouds of several sizes and some discs: about as much detail as a photograph, 44 to 80 kB as JPEG. */
const picture = async (seed: number): Promise<Buffer> => {
  const next = random(seed)
  const [width, height] = [400 + Math.floor(next() * 241), 300 + Math.floor(next() * 181)]
  const sums = new Float32Array(width * height * 3)
  for (const [step, weight] of [
    [1, 22],
    [3, 26],
    [8, 40],
    [32, 60],
  ] as const) {
    const [w, h] = [Math.ceil(width / step), Math.ceil(height / step)]
    const noise = Buffer.alloc(w * h * 3)
    for (let at = 0; at < noise.length; at++) noise[at] = next() * 256
    const layer = await sharp(noise, { raw: { width: w, height: h, channels: 3 } })
      .resize(width, height, { fit: "fill", kernel: "cubic" })
      .raw()
      .toBuffer()
    for (let at = 0; at < sums.length; at++)
      sums[at] = (sums[at] ?? 0) + (((layer[at] ?? 0) - 128) / 128) * weight
  }
  const data = Buffer.from(new Uint8ClampedArray(sums.map((value) => 128 + value)))
  const discs = Array.from(
    { length: 8 },
    () =>
      `<circle cx="${next() * width}" cy="${next() * height}" r="${10 + next() * 60}" fill="hsl(${next() * 360},70%,50%)"/>`,
  )
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${discs.join("")}</svg>`
  return sharp(data, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(drawing) }])
    .jpeg({ quality: 86 })
    .toBuffer()
}

/** The pictures of the benchmark, drawn once into a folder. */
export const benchPictures = async (folder: string): Promise<ReadonlyArray<Buffer>> => {
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true })
    for (let seed = 0; seed < PICTURES; seed++)
      writeFileSync(join(folder, `${seed}.jpg`), await picture(seed))
  }
  return readdirSync(folder)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => readFileSync(join(folder, name)))
}
