export { type DigitDataOptions, generateDigits } from "./generate.ts"
export { DIGIT_SIZE, type Digit, type DigitSplit, loadDigits, splitDigits } from "./mnist.ts"
export { DIGIT_TEMPLATE, writeDigitsBenchmark, writeTrainingDigits } from "./samples.ts"
