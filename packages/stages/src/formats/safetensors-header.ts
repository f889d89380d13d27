import { CheckpointError } from "./checkpoint-error.ts"
import { parseJson } from "./json-text.ts"

/** Element types of the safetensors format that this project reads, with their size in bytes. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const

export type Dtype = keyof typeof DTYPE_BYTES

/** A file that is no sound safetensors file. */
export class SafetensorsError extends CheckpointError {
  override readonly name = "SafetensorsError"
}

/** Where a tensor is in the file's data; `begin` and `end` are bytes from the start of the data. */
export interface TensorEntry {
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly begin: number
  readonly end: number
}

export interface Header {
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads and checks the JSON header. What the format's own reader refuses is refused here: names that occur twice,
 * shapes that do not fit their bytes, tensors that overlap, leave holes or reach past the end.
 *
 * @param text the header
 * @param dataBytes how many bytes follow it
 */
export const parseHeader = (text: string, dataBytes: number): Header => {
  const json = parseJson(text, "the header")
  if (!isRecord(json)) throw new SafetensorsError("the header is not a JSON object")
  const tensors = new Map<string, TensorEntry>()
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") metadata = parseMetadata(value)
    else tensors.set(name, parseEntry(name, value))
  }
  checkCoverage(tensors, dataBytes)
  return { tensors, metadata }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parseMetadata = (value: unknown): Readonly<Record<string, string>> => {
  if (!isRecord(value)) throw new SafetensorsError("__metadata__ is not a JSON object")
  const entries = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw new SafetensorsError(`__metadata__ "${key}" is not a text`)
    return [key, text]
  })
  return Object.fromEntries(entries)
}

const isSize = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

const isDtype = (value: unknown): value is Dtype =>
  typeof value === "string" && Object.hasOwn(DTYPE_BYTES, value)

/** The beginning of a value: it may be of any length. */
const shown = (value: unknown): string =>
  JSON.stringify(Array.isArray(value) ? value.slice(0, 12) : value) ?? "none"

const parseEntry = (name: string, value: unknown): TensorEntry => {
  if (!isRecord(value)) throw new SafetensorsError(`tensor "${name}" is not described by a JSON object`)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isDtype(dtype)) throw new SafetensorsError(`tensor "${name}" has the unknown type ${shown(dtype)}`)
  if (!Array.isArray(shape) || !shape.every(isSize) || shape.length > 8) {
    throw new SafetensorsError(`tensor "${name}" has the impossible shape ${shown(shape)}`)
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new SafetensorsError(`tensor "${name}" has the impossible offsets ${shown(offsets)}`)
  }
  const [begin = 0, end = 0] = offsets
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype])
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    throw new SafetensorsError(`tensor "${name}" of shape [${shape}] does not fit its ${end - begin} bytes`)
  }
  return { dtype, shape, begin, end }
}

const checkCoverage = (tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number): void => {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  let reached = 0
  for (const [name, { begin, end }] of inOrder) {
    if (end > dataBytes) throw new SafetensorsError(`tensor "${name}" ends past the end of the file`)
    if (begin < reached) throw new SafetensorsError(`tensor "${name}" overlaps another one`)
    if (begin > reached) throw new SafetensorsError(`there is a hole before tensor "${name}"`)
    reached = end
  }
  if (reached !== dataBytes) {
    throw new SafetensorsError(`${dataBytes - reached} bytes at the end belong to no tensor`)
  }
}
