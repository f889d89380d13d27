import { appendFileSync } from "node:fs"
import { crc32c } from "./crc32c.ts"

/** Numbers of one step, by their names. */
export interface ScalarEvent {
  readonly step: number
  /** Seconds since 1970. */
  readonly time: number
  readonly values: Readonly<Record<string, number>>
}

/**
 * An event file as TensorBoard reads it, written record by record, so that its curves grow while the training goes on.
 *
 * @example
 * const events = new EventFile("logs/events.out.tfevents.1", 0, 1_700_000_000)
 * events.add({ step: 1, time: 1_700_000_001, values: { loss: 0.1 } })
 */
export class EventFile {
  readonly #file: string

  /** @param step from which on events of earlier files don't count any more */
  constructor(file: string, step: number, time: number) {
    this.#file = file
    this.#append(event(time, 0, stringField(3, "brain.Event:2")))
    // SessionLog { status: START }
    this.#append(event(time, step, bytesField(7, varintField(1, 1))))
  }

  add({ step, time, values }: ScalarEvent): void {
    const summary = Object.entries(values).map(([tag, value]) =>
      bytesField(1, Buffer.concat([stringField(1, tag), floatField(2, value)])),
    )
    this.#append(event(time, step, bytesField(5, Buffer.concat(summary))))
  }

  #append(data: Buffer): void {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(data.length))
    appendFileSync(this.#file, Buffer.concat([length, masked(length), data, masked(data)]))
  }
}

/** A checksum as TFRecord files have it: rotated, so that one of data with checksums in it is no special case. */
const masked = (data: Buffer): Buffer => {
  const sum = crc32c(data)
  const rotated = ((sum >>> 15) | (sum << 17)) >>> 0
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE((rotated + 0xa282ead8) >>> 0)
  return bytes
}

// Protocol Buffers' wire format; the field numbers are those of TensorFlow's event.proto and summary.proto.
const event = (time: number, step: number, what: Buffer): Buffer => {
  const wallTime = Buffer.alloc(9)
  wallTime[0] = (1 << 3) | 1
  wallTime.writeDoubleLE(time, 1)
  return Buffer.concat([wallTime, varintField(2, step), what])
}

const varint = (value: number): Buffer => {
  const bytes: Array<number> = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    const low = rest % 128
    if (rest < 128) return Buffer.from([...bytes, low])
    bytes.push(low | 128)
  }
}

const varintField = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field << 3), varint(value)])

const bytesField = (field: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes])

const stringField = (field: number, text: string): Buffer => bytesField(field, Buffer.from(text))

const floatField = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint((field << 3) | 5), bytes])
}
