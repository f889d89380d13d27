import { CheckpointError } from "./checkpoint-error.ts"
import type { PickleValue } from "./pickle-values.ts"

/** Values on the stack, remembered, and made at all: far more than any checkpoint has. */
const LIMIT = 4_000_000

/** The stack of a pickle's machine, with its marks and its memo. */
export class PickleStack {
  readonly #values: Array<PickleValue> = []
  readonly #marks: Array<number> = []
  #pushed = 0
  readonly #memo = new Map<number, PickleValue>()

  push(value: PickleValue): void {
    if (++this.#pushed > LIMIT)
      throw new CheckpointError("its pickle makes more values than any checkpoint has")
    this.#values.push(value)
  }

  pop(): PickleValue {
    const value = this.#values.length > (this.#marks.at(-1) ?? 0) ? this.#values.pop() : undefined
    if (value === undefined) throw new CheckpointError("its pickle takes from an empty stack")
    return value
  }

  /** The value on top, which stays. */
  top(): PickleValue {
    const value = this.pop()
    this.#values.push(value)
    return value
  }

  mark(): void {
    if (this.#marks.length >= LIMIT) throw new CheckpointError("its pickle needs too deep a stack")
    this.#marks.push(this.#values.length)
  }

  /** Everything above the last mark, which is gone then. */
  popMarked(): ReadonlyArray<PickleValue> {
    const mark = this.#marks.pop()
    if (mark === undefined) throw new CheckpointError("its pickle takes from an empty stack")
    return this.#values.splice(mark)
  }

  remember(index: number): void {
    if (this.#memo.size >= LIMIT) throw new CheckpointError("its pickle remembers too much")
    this.#memo.set(index, this.top())
  }

  /** Under the next free number. */
  memoize(): void {
    this.remember(this.#memo.size)
  }

  recall(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) throw new CheckpointError("its pickle recalls what it has not remembered")
    this.push(value)
  }
}
