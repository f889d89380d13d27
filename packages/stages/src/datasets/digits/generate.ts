import { loadDigits, splitDigits } from "./mnist.ts"
import { writeDigitsBenchmark, writeTrainingDigits } from "./samples.ts"

/** How the digits are dealt out. */
export interface DigitDataOptions {
  readonly trainCount: number
  readonly testCount: number
  readonly seed: number
}

/** Writes MNIST digits to learn from and a benchmark of others; the same options give the same bytes. */
export const generateDigits = async (
  { trainCount, testCount, seed }: DigitDataOptions,
  folders: { readonly train: string; readonly benchmark: string },
): Promise<void> => {
  const { train, test } = splitDigits(await loadDigits(), seed, trainCount, testCount)
  await writeTrainingDigits(folders.train, train)
  await writeDigitsBenchmark(folders.benchmark, test)
}
